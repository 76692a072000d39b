"""What an operation is: its declaration, its parameters, and the JSON that it answers with."""
