#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Linux's own selftests of the vDSO and of clocks and sleeps pass under vdsorun, and on vdk's kernel; on that, those that set the
# clock or change the clocksource too. They are built here from Debian's linux-source-6.1, and are no part of this project.
# Relies on: build/host/vdsorun, the kernel and its root (a busybox in it), gcc, linux-source-6.1.
# Never: passes a program that did not find the vDSO; fails since the machine is busy; sets this machine's clock.
use strict;
use warnings;
use File::Path qw(make_path remove_tree);
use Test::More;

my ($archive) = glob '/usr/src/linux-source-6.1.tar.xz';
plan skip_all => 'the package linux-source-6.1 is not installed' if !-e ($archive // '');
my $out = 'build/host/linux-selftests';
my $folder = 'linux-source-6.1/tools/testing/selftests';
my $source = "$out/$folder";

sub sh { system(@_) == 0 or BAIL_OUT("@_: failed") }
sub slurp { open my $file, '<', $_[0] or return ''; local $/; return scalar(<$file>) // '' }

if (!-d "$source/timens") { # kept: it takes half a minute
	remove_tree("$out.new");
	make_path("$out.new");
	sh(qw(tar xJf), $archive, '-C', "$out.new", map { "$folder/$_" } qw(vDSO timers timens kselftest.h));
	remove_tree($out);
	rename "$out.new", $out or BAIL_OUT("$out: $!");
}

# Name, arguments, further sources and flags; built with the flags that their Makefiles give. (vdso_standalone_test_x86 is
# wrong with optimization: its entry does not align the stack.)
my @vdso = (['vdso_test_gettimeofday', '', 'parse_vdso.c'], ['vdso_test_getcpu', '', 'parse_vdso.c'],
	['vdso_test_abi', '', 'parse_vdso.c'], ['vdso_test_clock_getres', ''], ['vdso_test_correctness', '', '-ldl']);
push @vdso, ['vdso_standalone_test_x86', '', 'parse_vdso.c', qw(-nostdlib -fno-asynchronous-unwind-tables -fno-stack-protector)]
	if ($ENV{ARCH} // 'x86_64') eq 'x86_64';
my @order = (['inconsistency-check', '-t 1'], ['threadtest', '-t 2 -n 4']);
my @sleeps = (['nanosleep', ''], ['nsleep-lat', '']);

sub build {
	my ($directory, $test, $kind) = @_;
	my ($name, undef, @more) = @$test;
	my $program = "$out/$name-$kind";
	sh('gcc', qw(-std=gnu99 -w -pthread), $directory eq 'timers' ? '-O3' : (), $kind eq 'dynamic' ? () : '-static',
		'-o', $program, "$source/$directory/$name.c",
		'-Wl,--no-warnings', map { /\.c$/ ? "$source/$directory/$_" : $_ } @more) if !-e $program;
	return $program;
}
for my $kind (qw(static dynamic)) {
	build('vDSO', $_, $kind) for @vdso;
	build('timers', $_, $kind) for @order, @sleeps;
}

# What is wrong with a run, beyond its exit status: those that can't find the vDSO pass.
sub wrong {
	my ($status, $output) = @_;
	my $failed = qr/not ok|FAIL|(?:fail|error):[1-9]/;
	my $none = qr/[Cc]ould not find|failed to find (?!clock_gettime64)\w+ in vDSO|No vDSO, so skipping clock_gettime\(|EHDR is not/;
	my @lines = split /\n/, $output;
	my @bad = map { @lines[($_ < 2 ? 0 : $_ - 2) .. $_] } grep { $lines[$_] =~ /$failed|$none/ } 0 .. $#lines; # with what they are about
	return join "\n", @bad, $status ? "exit status $status" : ();
}

# --- under vdsorun ---

sub start {
	my ($program, $arguments) = @_;
	my $pid = fork // die;
	return $pid if $pid;
	open STDIN, '<', '/dev/null';
	open STDOUT, '>', "$program.log";
	open STDERR, '>&', \*STDOUT;
	exec 'timeout', 50, 'build/host/vdsorun', '--', $program, split ' ', $arguments;
	die;
}

# What depends on how busy the machine is, and may be tried again: the coarse clocks lag the host's from its tick until the
# timekeeper has run, and sleeps end late.
sub busy {
	my ($output) = @_;
	my @failed = $output =~ /\[RUN\]\tTesting ([^\n]*)\.\.\.\n(?:\t[^\n]*\n)?\[FAIL\]/g;
	return 'a sleep ended late' if $output =~ /Large (?:rel|abs) latency/;
	return 'a coarse clock was read between two ticks' if @failed && !grep { !/_COARSE/ } @failed;
	return undef;
}

sub finish {
	my ($pid, $program, $test) = @_;
	my ($name, $arguments) = @$test;
	my ($kind) = $program =~ /(\w+)$/;
	my ($wrong, $busy);
	for my $attempt (1 .. 5) {
		$pid = start($program, $arguments) if $attempt > 1;
		waitpid $pid, 0;
		my $output = slurp("$program.log");
		$wrong = wrong($? >> 8 | $? & 127, $output);
		$busy = $wrong && busy($output);
		last if !$busy;
		note("$name, attempt $attempt: $busy");
	}
	SKIP: {
		skip "$name under vdsorun, $kind: the machine is too busy, even at the fifth attempt: $busy", 1 if $busy;
		is($wrong, '', "$name under vdsorun, $kind");
	}
}

sub run { my ($test, $kind) = @_; my $program = "$out/$test->[0]-$kind"; finish(start($program, $test->[1]), $program, $test) }

# A copy of a program that takes less time.
sub shorter {
	my ($name, $copy, $from, $to) = @_;
	(my $text = slurp("$source/timers/$name.c")) =~ s/$from/$to/ or BAIL_OUT("$name.c has changed");
	open my $file, '>', "$source/timers/$copy.c" or die;
	print $file $text;
	close $file or die;
}

# Unchanged, it sleeps for a minute and a half, nearly all of it in its longest sleeps, of 1 second: see the kernel's turn.
shorter('nsleep-lat', 'nsleep-lat-to-10ms', qr/length <= \(NSEC_PER_SEC \* 10\)/, 'length <= (NSEC_PER_SEC / 10)');
my $short_test = ['nsleep-lat-to-10ms', ''];
build('timers', $short_test, 'dynamic');

my $sleeping = start("$out/nanosleep-dynamic", ''); # some 8 seconds
for my $kind (qw(static dynamic)) {
	run($_, $kind) for @vdso;
}
run($_, 'dynamic') for @order, $short_test;
finish($sleeping, "$out/nanosleep-dynamic", $sleeps[0]);

# --- on the kernel ---

# Those that set the clock. What they do for minutes without sleeping they do for seconds here.
shorter('change_skew', 'change_skew-1s', qr{"./inconsistency-check"}, '"./inconsistency-check -c 1 -t 1"');
shorter('set-2038', 'set-2038-1s', qr/-t 20/, '-t 1');
shorter('skew_consistency', 'skew_consistency-2s', qr/-t 600/, '-t 2');
shorter('leapcrash', 'leapcrash-once', qr/count < 20/, 'count < 1');
my @setting = (['valid-adjtimex', ''], ['set-tai', ''], ['set-tz', ''], ['adjtick', ''], ['leap-a-day', '-i 2'], ['leap-a-day', '-t -i 2'],
	['freq-step', '', '-lm'], ['change_skew-1s', ''], ['set-2038-1s', '']);
my @setting_busily = (['skew_consistency-2s', ''], ['leapcrash-once', ''], ['clocksource-switch', '-s -t 1']);
my @helpers = map { [$_, ''] } qw(inconsistency-check raw_skew nanosleep nsleep-lat); # what some of them call

# Time namespaces: these skip on vdsorun's host where it lacks them, and so run here only.
my @timens = map { [$_, '', '-lrt'] } qw(timens timerfd timer clock_nanosleep procfs exec futex);

# One boot for all of `tests`, with --icount for those that sleep: time passes at once when nobody runs.
sub boot {
	my ($option, @tests) = @_;
	my $all = join ' ', map { "'$_->[0]-static $_->[1]'" } @tests;
	my $script = "for test in $all; do echo \"== \$test\"; /\$test 2>&1; echo \"== status \$?\"; done";
	my %names = map { $_->[0] => 1 } @tests;
	open my $from, '-|', 'tools/boot', '--timeout', 300, @$option, (map { ('--add', "$out/$_-static") } sort keys %names),
		'--', '/bin/sh', '-c', $script or die;
	my $output = do { local $/; <$from> } // '';
	close $from;
	for my $test (@tests) {
		my ($name, $arguments) = @$test;
		my ($said, $status) = $output =~ /^== \Q$name\E-static \Q$arguments\E\n(.*?)^== status (\d+)$/ms;
		my $title = $arguments && grep({ $_->[0] eq $name } @tests) > 1 ? "$name $arguments" : $name;
		is(defined $status ? wrong($status, $said) : "it does not end:\n$output", '', "$title on vdk's kernel");
	}
}

SKIP: {
	my $build = $ENV{VDK_BUILD} // 'build/x86_64';
	skip 'there is no busybox for the kernel', @vdso + @order + @sleeps + @setting + @setting_busily + @timens if !-e "$build/root/bin/busybox";
	build('timers', $_, 'static') for @setting, @setting_busily, @helpers;
	my @add = map { ('--add', "$out/$_->[0]-static:/$_->[0]") } @helpers;
	boot(['--smp', 2, @add], @vdso, @order, @setting_busily);
	boot(['--icount', @add], @sleeps, @setting);
	build('timens', $_, 'static') for @timens;
	boot(['--icount'], @timens);
}
done_testing;
