#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Owns: the tick, which an idle CPU stops, and a busy one does not.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Boot;
use Test::More;

my $idle_s = 2;
my $ticks = 250 * $idle_s;

# How often the timer interrupts while nothing runs for that long.
sub interrupts {
	my @options = @_;
	my @traps = ('/bin/box', 'cat', '/proc/traps');
	my $shown = sessions([@options], [['before', @traps], ['idle', '/bin/box', 'sleep', $idle_s * 1000], ['after', @traps]]);
	my ($before, $after) = map { $shown->{$_}{out} =~ /^timer timers_timer (\d+)$/m } 'before', 'after';
	return $after - $before;
}

cmp_ok(interrupts('--append', 'nohz=off'), '>=', $ticks, 'with nohz=off the tick goes on while the CPU idles');
cmp_ok(interrupts(), '<', $ticks / 5, 'else it stops');
done_testing();
