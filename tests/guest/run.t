#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Owns: every program in tests/guest, with each libc, on two kernels: this Linux, the oracle for the ABI, and ours.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Boot;
use Test::More;

my @names = sort map { m{([^/]+)\.c$} } glob "$FindBin::Bin/*.c";
my @programs = map { my $libc = $_; map { "$_-$libc" } @names } libcs();

for my $program (@programs) {
	SKIP: {
		skip "$program on Linux: this machine is no $arch", 1 if !$native;
		tap("$program on Linux", run('timeout', '-s', 'KILL', '120', "$build/tests/guest/$program"));
	}
}
my $results = sessions([], [['counts', '/bin/box', 'cat', '/proc/self/syscalls'], map { [$_, "/tests/$_"] } @programs]);
is($results->{counts}{status}, 0, 'our kernel counts system calls: no test is skipped for that');
tap("$_ on vdk", $results->{$_}) for @programs;
done_testing();
