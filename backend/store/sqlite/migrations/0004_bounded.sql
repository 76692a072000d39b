-- One length of 10^15 seconds, as imports took it, left no room in the counts for any other video of its category.
update videos set duration = 10000000 where duration > 10000000;
update videos set size = 10000000000000 where size > 10000000000000;
update recommendations set duration = 10000000 where duration > 10000000;
update recommendations set size = 10000000000000 where size > 10000000000000;
