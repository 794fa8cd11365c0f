#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Owns: the registry of trap handlers, as the running kernel shows it.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Boot;
use Test::More;

my $run = boot('--verbose', '--append', 'selftest', '--', '/bin/box', 'exit', '0');
is($run->{status}, 0, 'the kernel boots with its self-tests');
like($run->{err}, qr/selftest: traps: ok$/m,
	'two handlers on one trap both run, and one that returns false makes the result false');

my @traps = ('/bin/box', 'cat', '/proc/traps');
my $shown = sessions(['--append', 'nohz=off'], [['before', @traps], ['pause', '/bin/box', 'sleep', 200], ['after', @traps]]);

# Lines are: kind, function, calls.
my ($before, $after) = map { { $shown->{$_}{out} =~ /^timer (\S+) (\d+)$/mg } } 'before', 'after';
cmp_ok(scalar keys %$before, '>=', 2, 'the timer has at least two handlers');
is_deeply([sort keys %$after], [sort keys %$before], 'handlers stay registered');
my @counts = map { $after->{$_} - $before->{$_} } sort keys %$before;
cmp_ok($_, '>=', 10, 'a handler of the timer is called at each tick') for @counts;
# A tick may fall between two lines of each reading.
is(scalar(grep { abs($_ - $counts[0]) > 2 } @counts), 0, 'the handlers of one trap are called equally often');
done_testing();
