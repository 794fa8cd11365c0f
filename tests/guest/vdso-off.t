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

my $without = sessions(['--append', 'vdso=off'], [
	['clocks-musl', '/tests/clocks-musl fallback'],
	['maps', '! grep -e vdso -e vvar /proc/self/maps'],
]);
tap('clocks-musl without a vDSO', $without->{'clocks-musl'});
is($without->{maps}{status}, 0, 'neither [vdso] nor [vvar] is mapped');

my $unstable = sessions(['--append', 'tsc=unstable'], [
	['hello', '/bin/hello'],
	['clocks-glibc', '/tests/clocks-glibc fallback'],
	['vdso-musl', '/tests/vdso-musl fallback'],
	['vdso-glibc', '/tests/vdso-glibc fallback'],
]);
my $hello = $unstable->{hello};
is($hello->{status}, 0, 'without a counter, hello succeeds');
like($hello->{out}, qr/^vDSO: ELF header at 0x/, 'the vDSO is there');
like($hello->{out}, $every_call, 'every call through libc is a system call');
tap("$_ without a counter", $unstable->{$_}) for qw(clocks-glibc vdso-musl vdso-glibc);
done_testing();
