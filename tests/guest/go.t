#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Owns: a static Go program on this Linux and on ours: a runtime with its own vDSO reader, threads, timers and signals.
use strict;
use warnings;
use Cwd qw(realpath);
use File::Temp qw(tempdir);
use FindBin;
use lib $FindBin::Bin;
use Boot;
use Test::More;

my %goarch = (x86_64 => 'amd64', riscv64 => 'riscv64', aarch64 => 'arm64', loongarch64 => 'loong64');
my $directory = tempdir(CLEANUP => 1);
my $program = "$directory/clock-go";

%ENV = (%ENV, CGO_ENABLED => 0, GOOS => 'linux', GOARCH => $goarch{$arch}, GO111MODULE => 'off', GOFLAGS => '',
	GOCACHE => realpath($build) . '/go-cache');
my $go = run('go', 'build', '-o', $program, "$FindBin::Bin/clock.go");
is($go->{status}, 0, 'the program builds, without a network') or BAIL_OUT($go->{err});

SKIP: {
	skip "clock-go on Linux: this machine is no $arch", 1 if !$native;
	tap('clock-go on Linux', run('timeout', '-s', 'KILL', '120', $program));
}
my $results = sessions(['--add', "$program:/clock-go"], [['clock-go', '/clock-go']]);
tap('clock-go on vdk', $results->{'clock-go'});
done_testing();
