#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Owns: the fallbacks: no vDSO at all, and a vDSO without a counter to read. Programs work, and every call is counted.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Boot;
use Test::More;

my $raw_calls = 2 + 7 * (10000 + 3);
my $shown_calls = 2; # those through libc that hello shows first
my $every_call = qr/^700000 calls of clock_gettime: 700000 system calls$/m;

my $run = do {
	local $ENV{VDSO} = 'off';
	boot('--stats', '--', '/bin/hello');
};
is($run->{status}, 0, 'without a vDSO, hello succeeds');
like($run->{out}, qr/^vDSO: none/, 'AT_SYSINFO_EHDR is not set');
like($run->{out}, $every_call, 'every call through libc is a system call');
my ($calls) = $run->{err} =~ /^stats: pid 1 hello clock_gettime (\d+)$/m;
is($calls, 700000 + $raw_calls + $shown_calls, 'the statistics say so too');

my ($libc, @others) = libcs();
my $without = sessions(['--append', 'vdso=off'], [
	["clocks-$libc", "/tests/clocks-$libc", 'fallback'],
	['protection', "/tests/protection-$libc", 'none'],
]);
tap("$_ without a vDSO", $without->{$_}) for "clocks-$libc", 'protection';

# x86_64's kernel has another clock, and then does not use the counter either.
for my $option ('counter=unstable', $arch eq 'x86_64' ? 'tsc=unstable' : ()) {
	my $unstable = sessions(['--append', $option], [
		['hello', '/bin/hello'],
		["clocks-$libc", "/tests/clocks-$libc", 'fallback'],
		map { ["vdso-$_", "/tests/vdso-$_", 'fallback'] } $libc, @others,
	]);
	my $hello = $unstable->{hello};
	is($hello->{status}, 0, "with $option, hello succeeds");
	like($hello->{out}, qr/^vDSO: ELF header at 0x/, 'the vDSO is there');
	like($hello->{out}, $every_call, 'every call through libc is a system call');
	tap("$_ with $option", $unstable->{$_}) for "clocks-$libc", map { "vdso-$_" } $libc, @others;
}
done_testing();
