#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Owns: what user/hello.c shows, on this Linux, on ours, and where instructions are counted instead of time.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Boot;
use Test::More;

my @clocks = qw(REALTIME MONOTONIC MONOTONIC_RAW REALTIME_COARSE MONOTONIC_COARSE BOOTTIME TAI);
my $raw_calls = 2 + 7 * (10000 + 3); # the two that are shown; of each clock, and round the measurements
my $time = qr/ +\d+\.\d{9} s/;
my $table = join "\n",
	'vDSO: ELF header at 0x(?<vdso>[0-9a-f]+)',
	'',
	"REALTIME +system call (?<before>$time)",
	"REALTIME +libc        (?<realtime>$time)",
	"MONOTONIC +libc        (?<monotonic>$time)",
	"REALTIME +system call (?<after>$time)",
	'',
	'ns per call +libc +system call',
	(map { "$_ +[0-9.]+ +[0-9.]+" } @clocks),
	'',
	'700000 calls of clock_gettime: (?<count>.*)',
	'';

sub ns { return $_[0] =~ /(\d+)\.(\d+)/ ? $1 * 1e9 + $2 : die }

sub shows_the_table {
	my ($where, $run, $count) = @_;

	subtest "hello on $where" => sub {
		is($run->{status}, 0, 'it succeeds');
		like($run->{out}, qr/\A$table\z/, 'it shows the table, and nothing else') or return;
		$run->{out} =~ /\A$table\z/;
		my %seen = %+;
		like($seen{vdso}, qr/000\z/, 'the vDSO begins a page');
		ok(ns($seen{before}) <= ns($seen{realtime}) && ns($seen{realtime}) <= ns($seen{after}),
			'REALTIME through libc lies between two system calls');
		is($seen{count}, $count, 'the count is right');
	};
}

sub stats_are {
	my ($run, $expected, $claim) = @_;
	my ($calls) = $run->{err} =~ /^stats: pid 1 hello clock_gettime (\d+)$/m;
	is($calls, $expected, $claim);
}

SKIP: {
	skip "hello on Linux: this machine is no $arch", 2 if !$native;
	shows_the_table('Linux', run("$build/user/hello"), 'system calls not counted by this kernel');
	open my $hello, '-|', "$build/user/hello" or die;
	sysread $hello, my $first, 65536;
	like($first, qr/\AvDSO: \N+\n(?!.*700000)/s, 'a line can be read when it is written');
	close $hello;
}

my $from = time;
my $run = boot('--stats', '--', '/bin/hello');
my $until = time;
shows_the_table('vdk', $run, '0 system calls');
stats_are($run, $raw_calls, 'the kernel counted no clock_gettime but the raw ones');
my ($seconds) = $run->{out} =~ /^REALTIME +libc +(\d+)/m;
ok($seconds >= $from - 3 && $seconds <= $until + 3, 'REALTIME is the time of day, to 3 seconds');

# The time of day is the host's, addresses are random; what is left repeats to the last digit.
sub repeatable {
	my ($text) = @_;
	$text =~ s/0x[0-9a-f]+/ADDRESS/;
	$text =~ s/^(REALTIME .*?)\d+\.\d+ s$/$1TIME/mg;
	return $text;
}

my @counted = map { boot('--icount', '--', '/bin/hello') } 1 .. 2;
shows_the_table('vdk with --icount', $counted[0], '0 system calls');
is(repeatable($counted[1]{out}), repeatable($counted[0]{out}), 'with --icount it costs the same every time');
note($counted[0]{out});
done_testing();
