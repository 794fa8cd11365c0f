# SPDX-License-Identifier: MIT
# Owns: how tests run programs on the reference kernel and on this Linux, and report the programs' own tests.
# Relies on: tools/boot; user/box.c in the guest's root. VDK_BUILD and ARCH say which build.
# Never: loses a program's result because another one crashed, hung, or took the kernel with it.
package Boot;

use strict;
use warnings;
use Exporter 'import';
use File::Temp;
use FindBin;
use POSIX ();
use Test::More;

our @EXPORT = qw(run boot sessions tap libcs $arch $build $native);

our $project = "$FindBin::Bin/../..";
our $arch = $ENV{ARCH} // 'x86_64';
our $build = $ENV{VDK_BUILD} // "$project/build/$arch";
our $native = (POSIX::uname())[4] eq $arch; # programs of that architecture run here too

# The C libraries that guest programs of this architecture were built with: what stands behind the name of one.
sub libcs {
	return sort map { m{/vdso-([^./]+)$} } glob "$build/tests/guest/vdso-*";
}

# Run a command: its exit status or 128 + signal, what it wrote, and on standard error.
sub run {
	my @command = @_;
	my ($out, $err) = (File::Temp->new, File::Temp->new);
	my $pid = fork // die "fork: $!";

	if (!$pid) {
		open STDIN, '<', '/dev/null' or die;
		open STDOUT, '>&', $out or die;
		open STDERR, '>&', $err or die;
		exec @command or POSIX::_exit(127);
	}
	waitpid $pid, 0;
	my $status = $? & 127 ? 128 + ($? & 127) : $? >> 8;
	seek $_, 0, 0 for $out, $err;
	local $/;
	return { status => $status, out => scalar <$out> // '', err => scalar <$err> // '' };
}

sub boot {
	return run("$project/tools/boot", @_);
}

# Run commands in the guest, in order, in as few boots as it takes: `@$commands` are of [name, program, arguments],
# `@$options` for tools/boot. By name: status, out (both streams), and `lost`, why there is no status, if the kernel did
# not survive the command. A command that hangs is killed, and so is a kernel. The format is user/box.c's.
sub sessions {
	my ($options, $commands) = @_;
	my %result;
	my @left = @$commands;

	while (@left) {
		my $script = File::Temp->new;
		for (@left) {
			my ($name, @command) = @$_;
			print $script map { "$_\0" } $name, scalar(@command), @command;
		}
		$script->flush;
		my $boot = boot('--timeout', 100 + 10 * @left, @$options, '--add', "$script:/session", '--',
			'/bin/box', 'session', '/session');
		my $lost = $boot->{err} || "tools/boot ended with status $boot->{status}";
		my $begun = 0;
		while ($boot->{out} =~ /^<<<(\N+)\n(.*?)(?:\n>>>(\d+)\n|\z)/gms) {
			my ($name, $out, $status) = ($1, $2, $3);
			$result{$name} = { out => $out, defined $status ? (status => $status) : (lost => $lost) };
			$begun++;
		}
		die $lost if !$begun;
		splice @left, 0, $begun;
	}
	return \%result;
}

# The tests of one program as a subtest: every line of its TAP, its plan, its exit status.
sub tap {
	my ($name, $result) = @_;

	if ($result->{out} =~ /\A1\.\.0 # SKIP (.*)/ && $result->{status} == 0) {
		my $reason = $1;
		SKIP: { skip "$name: $reason", 1 }
		return;
	}
	subtest $name => sub {
		my ($ran, $plan, $passed) = (0, 'no plan', 1);

		for (split /\n/, $result->{out}) {
			if (/^(not )?ok \d+ - (.*?)(?: # SKIP (.*))?$/) {
				my ($failed, $claim, $reason) = ($1, $2, $3);
				$ran++;
				SKIP: {
					skip "$claim: $reason", 1 if defined $reason;
					$passed = ok(!$failed, $claim);
				}
			} elsif (/^1\.\.(\d+)$/) {
				$plan = $1;
			} elsif (/^# (.*)/) {
				$passed ? note($1) : diag($1);
			} elsif (/\S/) {
				diag($_);
			}
		}
		is($ran, $plan, 'every planned test ran');
		is($result->{lost}, undef, 'the kernel survives');
		is($result->{status}, 0, 'exit status 0');
	};
}

1;
