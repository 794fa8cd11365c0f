#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Owns: the choice of the clocksource by command line, and what comes of a TSC that goes wrong while programs run.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Boot;
use Test::More;

my $folder = '/sys/devices/system/clocksource/clocksource0';
my @show = ('/bin/box', 'cat', "$folder/available_clocksource", "$folder/current_clocksource");
my ($libc) = libcs();

# Boot, show: status, the counters that are offered, the one that is used, the kernel's log.
sub shown {
	my $boot = boot('--verbose', (map { ('--append', $_) } @_), '--', @show);
	my ($available, $current) = $boot->{out} =~ /\A(.*)\n(\w+)\n\z/;
	return { %$boot, available => [split ' ', $available // ''], current => $current // "nothing: $boot->{out}$boot->{err}" };
}

my $plain = shown();
is($plain->{current}, $plain->{available}[0], 'the best counter is used');
my $bad = shown('clocksource=nonesuch');
is($bad->{current}, $plain->{current}, 'a counter that is not there is not used');
like($bad->{err}, qr/clocksource=nonesuch: there is no such counter/, '... and the log says so');

if ($arch ne 'x86_64') {
	is(scalar @{$plain->{available}}, 1, 'there is one counter');
	done_testing;
	exit;
}

is_deeply($plain->{available}, [qw(tsc hpet acpi_pm pit)], 'a PC has four counters');
my $no_tsc = shown('tsc=unstable');
is_deeply($no_tsc->{available}, [qw(hpet acpi_pm pit)], 'tsc=unstable: there is no TSC');
is($no_tsc->{current}, 'hpet', '... and the HPET is used');
is(shown('tsc=unstable', 'hpet=off')->{current}, 'acpi_pm', 'without a TSC and an HPET it is the PM timer');
my $last = shown('tsc=unstable', 'hpet=off', 'acpi_pm=off');
is($last->{current}, 'pit', 'at last it is the PIT');
for (qw(acpi_pm pit)) {
	my $results = sessions(['--append', "clocksource=$_"],
		[['current', @show], ['clocks', "/tests/clocks-$libc", 'fallback']]);
	like($results->{current}{out}, qr/^$_$/m, "clocksource=$_: that is used");
	tap("clocks by $_", $results->{clocks});
}
my $narrow = sessions(['--append', 'clocksource=hpet', '--append', 'hpet=32'], [['clocks', "/tests/clocks-$libc", 'fallback']]);
tap('clocks by an HPET of 32 bits', $narrow->{clocks});

# The TSC, as the kernel reads it, is wrong from a second after the start on. Programs are told in each line how the clocks went.
my $program = 'for i in 1 2 3 4 5 6 7 8; do cat /proc/uptime; date +%s; /bin/box sleep 500; done; cat ' . "$folder/current_clocksource";
for my $case (['stops', 'it stops'], ['back', 'it goes back by half its range'], ['jumps', 'it jumps by ten years'],
	['fast', 'it runs 1000 ppm fast']) {
	my ($how, $what) = @$case;
	my $boot = boot('--verbose', '--append', "tsc=$how", '--', '/bin/sh', '-c', $program);
	my @up = $boot->{out} =~ /^(\d+\.\d+) \S+$/mg;
	my @date = $boot->{out} =~ /^(\d{9,})$/mg;
	my @warned = $boot->{err} =~ /(clocksource tsc is unstable: .*)/g;
	is(scalar @warned, 1, "$what: the kernel says so, once") or diag($boot->{err});
	note(@warned);
	like($boot->{out}, qr/^hpet\n\z/m, "$what: the next best is used");
	is(scalar(grep { $up[$_] < $up[$_ - 1] } 1 .. $#up), 0, "$what: the time since the start does not go back") or diag("@up");
	my $years = $up[-1] > 1e8;
	ok($how eq 'jumps' ? $years : !$years, $how eq 'jumps' ? "$what: MONOTONIC keeps what readers may have seen"
		: "$what: MONOTONIC is not put far forward") or diag("@up");
	cmp_ok(abs($date[-1] - time), '<', 30, "$what: REALTIME is right in the end") or diag("@date");
}
done_testing;
