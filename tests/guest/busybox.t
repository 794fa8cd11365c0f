#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Owns: what a shell and its tools need of the kernel, tried with busybox, on this Linux and on ours.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Boot;
use File::Temp qw(tempdir);
use Test::More;

plan skip_all => "Debian has no static busybox for $arch here" if !-e "$build/root/bin/busybox";

# The claim, the command, its output, its exit status if not 0.
my @cases = (
	['a command prints', 'echo hello', "hello\n"],
	['an exit status is kept', 'exit 3', '', 3],
	['a signal gives 128 and its number', 'sh -c "kill -TERM \$\$"; echo $?', "Terminated\n143\n"],
	['a missing command gives 127', 'no-such-command 2>/dev/null', '', 127],
	['a file that is not executable gives 126', 'echo x >file; chmod 644 file; ./file 2>/dev/null', '', 126],
	['a pipeline passes data on', 'echo one two three | tr " " "\n" | sort | tail -n 1', "two\n"],
	['a long pipeline passes much data', 'seq 200000 | cat | cat | cat | tail -n 1', "200000\n"],
	['a pipeline ends when its reader does', 'yes | head -n 2', "y\ny\n"],
	['a here-document is read', "cat <<end\nline \$((1 + 1))\nend", "line 2\n"],
	['command substitution', 'echo "<$(echo inner)>"', "<inner>\n"],
	['a subshell keeps its changes', '(cd /tmp; x=2; pwd); echo "<$x>"; touch here; ls', "/tmp\n<>\nhere\n"],
	['output goes to a file, and more after it', 'echo one >file; echo two >>file; cat <file', "one\ntwo\n"],
	['standard error is redirected', 'ls /missing 2>/dev/null || echo failed', "failed\n"],
	['a background job runs beside', 'sleep 0.2 & echo first; wait; echo second', "first\nsecond\n"],
	['wait gives the status of a job', '(exit 5) & wait $!; echo $?', "5\n"],
	['jobs run in parallel', 'for i in 1 2 3; do (sleep 0.1; echo $i >job$i) & done; wait; cat job?', "1\n2\n3\n"],
	['a trap is run', 'trap "echo trapped" USR1; kill -USR1 $$; echo after', "trapped\nafter\n"],
	['a job can be killed', 'sleep 100 & kill $!; wait $!; echo $?', "Terminated\n143\n"],
	['names are expanded', 'mkdir g; touch g/a1 g/a2 g/b1; echo g/a*; echo g/?1', "g/a1 g/a2\ng/a1 g/b1\n"],
	['loops and arithmetic', 'i=0; while [ $i -lt 1000 ]; do i=$((i + 1)); done; echo $i', "1000\n"],
	['read takes lines', 'printf "a b\nc d\n" | while read x y; do echo "$y$x"; done', "ba\ndc\n"],
	['sed', 'echo "hello world" | sed -e "s/o/0/g" -e "s/^/> /"', "> hell0 w0rld\n"],
	['awk computes with floating point', 'echo 1 2 | awk "{ print \$1 / 3, \$2 * 21 }"', "0.333333 42\n"],
	['sort by number', 'printf "10\n9\n-1\n" | sort -n', "-1\n9\n10\n"],
	['find by name and type', 'mkdir -p d/e; touch d/e/x.c d/y; find d -name "*.c" -type f', "d/e/x.c\n"],
	['xargs', 'seq 5 | xargs -n 2 echo', "1 2\n3 4\n5\n"],
	['tar and gzip round trip', 'mkdir t; seq 10000 >t/numbers; ln -s numbers t/link; tar czf t.tgz t; mv t old; ' .
		'tar xzf t.tgz; cmp t/numbers old/numbers && readlink t/link', "numbers\n"],
	['gzip round trip', 'head -c 300000 /dev/urandom >r; cp r s; gzip r; gunzip r.gz; cmp r s && echo ok', "ok\n"],
	['checksums', 'printf abc | md5sum', "900150983cd24fb0d6963f7d28e17f72  -\n"],
	['dd copies blocks', 'dd if=/dev/zero of=z bs=4096 count=100 2>/dev/null; wc -c <z', "409600\n"],
	['files are moved, linked and removed', 'echo x >a; ln a b; mv a c; rm b; cat c; ls a b 2>/dev/null', "x\n", 1],
	['permissions', 'echo x >p; chmod 640 p; stat -c "%a %s" p', "640 2\n"],
	['file times are kept', 'touch -d "2001-02-03 04:05:06" f; date -u -r f "+%F %T"', "2001-02-03 04:05:06\n"],
	['a new file is new', 'touch -d @$(($(date +%s) - 9)) n1; touch n2; [ n2 -nt n1 ] && echo ok', "ok\n"],
	['/dev/null and /dev/zero', 'cat /dev/null; head -c 3 /dev/zero | tr "\0" z; echo', "zzz\n"],
	['/dev/full', 'echo x 2>/dev/null >/dev/full || echo full', "full\n"],
	['/proc/self/maps shows image and data', 'awk "/\\[vvar\\]|\\[vdso\\]/ { print \$2, \$6 }" /proc/self/maps',
		"r--p [vvar]\nr-xp [vdso]\n"],
	['a process has a directory in /proc', 'cat /proc/$$/comm; true', "sh\n"],
	['ps lists processes', 'sleep 99 & ps | grep -c "^ *$! .*sleep"; kill $!', "1\n"],
	['the environment is passed on', 'X=value sh -c "echo \$X"', "value\n"],
	['uname tells the architecture', 'uname -m', "$arch\n"],
);

sub shell { return ('/bin/sh', '-c', @_) }

my $timed = 'read a b </proc/uptime; sleep 1; read c d </proc/uptime; echo $a $c';
my $from = time;
my $results = sessions([], [
	['date', shell('date -u +%s')],
	(map { ["case $_", shell("rm -rf /tmp/busybox; mkdir /tmp/busybox; cd /tmp/busybox; $cases[$_][1]")] }
		0 .. $#cases),
	['sleep', shell($timed)],
]);
my $until = time;

sub as_expected {
	my ($case, $where, $result) = @_;
	my ($claim, undef, $out, $status) = @$case;
	is_deeply([$result->{out}, $result->{lost} // $result->{status}], [$out, $status // 0], "$claim, on $where");
}

if ($native) {
	my ($tools, $scratch) = (tempdir(CLEANUP => 1), tempdir(CLEANUP => 1));
	run('/bin/busybox', '--install', '-s', $tools);
	local $ENV{PATH} = $tools;
	for (@cases) {
		as_expected($_, 'Linux', run("$tools/sh", '-c', "exec 2>&1; rm -rf $scratch/*; cd $scratch; $_->[1]"));
	}
}
as_expected($cases[$_], 'vdk', $results->{"case $_"}) for 0 .. $#cases;
my $date = $results->{date}{out};
ok($date =~ /^\d+$/ && $date >= $from - 3 && $date <= $until + 3, 'date is right to 3 seconds') or diag($date);
my ($begin, $end) = split ' ', $results->{sleep}{out};
ok($end - $begin >= 0.99 && $end - $begin < 10, 'sleep 1 sleeps for a second') or diag($results->{sleep}{out});
done_testing();
