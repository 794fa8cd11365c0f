#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Owns: the proof that the benchmark measures all that it promises, and says what is wrong with its options.
# Relies on: a host of the image's architecture, with a vDSO of its own. Never: asks whether a number is good.
use strict;
use warnings;
use File::Temp;
use JSON::PP;
use Test::More;

my $build = $ENV{VDK_BUILD} // 'build/x86_64';
my $dir = File::Temp->newdir;
my @bench = ('build/host/bench', '--image', "$build/vdso.so", '--out', "$dir");
my @subjects = qw(vdk host system_call);
my @clocks = qw(REALTIME MONOTONIC MONOTONIC_RAW BOOTTIME TAI REALTIME_COARSE MONOTONIC_COARSE);
my @functions = ((map { "clock_gettime $_" } @clocks), qw(gettimeofday time clock_getres getcpu));

sub run {
	my (@words) = @_;
	my $text = join ' ', map { "'$_'" } @words;
	my $output = qx($text 2>&1 </dev/null);
	return ($? >> 8, $output);
}

sub get {
	my ($name) = @_;
	open my $file, '<', "$dir/$name" or return '';
	local $/;
	return scalar <$file> // '';
}

# The series of an entry, without what is common to a part.
sub series {
	my ($entry) = @_;
	return $entry->{subject} if $entry->{function} =~ /^(floor|work)$/;
	return join ' ', grep { defined } @$entry{qw(function clock subject)};
}

# Every series is there, and each of its numbers is above zero. (The floor comes twice where the counter can be read in two ways.)
sub complete {
	my ($claim, $entries, $wanted, @numbers) = @_;
	my (%seen, @wrong);
	for my $entry (@$entries) {
		my $name = series($entry);
		$seen{$name} = 1;
		push @wrong, map { "$name: $_ is " . ($entry->{$_} // 'missing') } grep { !(($entry->{$_} // 0) > 0) } @numbers;
	}
	push @wrong, map { "$_: missing" } grep { !$seen{$_} } @$wanted;
	ok(!@wrong, $claim) or diag(join "\n", @wrong);
}

my ($status, $output) = run(@bench, '--rounds', 1, '--calls', 100000);
is($status, 0, 'a short run ends well') or diag($output);
my $result = eval { decode_json(get('bench.json')) };
ok($result, 'bench.json is JSON') or BAIL_OUT('no results');

my @series = ('floor', map { my $function = $_; map { "$function $_" } @subjects } @functions);
for my $pace ('back_to_back', 'amid_work') {
	for my $threads (1, 2) {
		for my $hz (0, 1000, 100000) {
			my @entries = grep { $_->{pace} eq $pace && $_->{threads} == $threads && $_->{writer_hz} == $hz } @{$result->{calls}};
			my @wanted = $pace eq 'amid_work' ? (@series, 'work') : @series;
			complete("every series, $pace, $threads threads, writer at $hz Hz", \@entries, \@wanted, 'median_ns', 'min_ns');
		}
	}
}
complete('instructions of every series', $result->{instructions}, \@series, 'instructions');
for my $flushed ('data', 'data_and_code') {
	# The least may be nothing: what the measuring takes itself is taken off.
	complete("every series cold, $flushed flushed", [grep { $_->{flushed} eq $flushed } @{$result->{cold}}], \@series, 'median_ns');
}
is(scalar(grep { $_->{reached_hz} > 0 } @{$result->{writer}}), 8, 'the writer published in each setting that has one');
is_deeply([map { $_->{subject} } @{$result->{worst}}], [qw(vdk seqlock floor)], 'the worst call of three readers');
for my $worst (@{$result->{worst}}) {
	my $sum = 0;
	$sum += $_->[1] for @{$worst->{histogram}};
	ok($worst->{worst_ns} > 0 && $worst->{calls} == 100000 && $sum == 100000, "all calls of $worst->{subject} are in its histogram");
}
ok($result->{stops} > 0, 'the writer was stopped');
is_deeply([map { "$_->{what} $_->{mappings} " . ($_->{reader} ? 1 : 0) } @{$result->{publish}}],
	['publish 1 0', 'tick 1 0', 'publish 10000 0', 'tick 10000 0', 'publish 1 1', 'tick 1 1'], 'the writer\'s costs');
is(scalar(grep { $_->{median_ns} > 0 && $_->{min_ns} > 0 } @{$result->{publish}}), 6, 'none of them is nothing');
ok(length $result->{machine}{$_}, "the machine's $_ is told") for qw(arch cpu cpus counter_hz counter_read_by linux host_clocksource);
like($output, qr/^\Q$_\E  +\d/m, "the table has $_") for @clocks, qw(gettimeofday time clock_getres getcpu);

SKIP: {
	skip 'no gnuplot', 4 if !grep { -x "$_/gnuplot" } split /:/, $ENV{PATH};
	($status, $output) = run('gnuplot', '-c', 'host/bench/plots.gp', "$dir");
	is("$status $output", '0 ', 'gnuplot has nothing to say');
	like(get("$_.svg"), qr/<svg.*<\/svg>/s, "$_.svg is a plot") for qw(calls cold settings worst);
}

for ([['--rounds', '0'], 1, qr/^bench: --rounds: is not a number of 1 or more$/m],
	[['--calls', '-1'], 1, qr/^bench: --calls: is not a number of 1 or more$/m],
	[['--counter', 'sundial'], 1, qr/^bench: sundial: is no way to read the counter/m],
	[['--image', '/nonexistent'], 1, qr/^bench: \/nonexistent: No such file or directory$/m],
	[['--image', 'Makefile'], 1, qr/^bench: Makefile: /m],
	[['--out', '/nonexistent/there'], 1, qr/^bench: \/nonexistent\/there: No such file or directory$/m],
	[['more'], 2, qr/^Usage: bench /m], [['--help'], 0, qr/^Usage: bench /m]) {
	my ($words, $want, $text) = @$_;
	($status, $output) = run(@bench, @$words);
	is($status, $want, "@$words: exit status");
	like($output, $text, "@$words: what is said");
}
done_testing();
