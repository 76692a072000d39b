"""Alibaba Cloud as far as the console uses it, on this machine: VOD, CDN and OSS behind one port.

It keeps videos, jobs, verdicts and tasks, checks every signature, answers with the documented fields, limits and codes,
and can be told to fail in every way that the network and Alibaba know.
"""
