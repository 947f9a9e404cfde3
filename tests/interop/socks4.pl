#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# A proxy for SOCKS4 and 4a: socks4.pl PORT. Perl's IO::Socket::Socks speaks the protocol; here is what is around it. Says
# for each client which host it asked for.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use IO::Socket::Socks qw(:constants $SOCKS_ERROR);

$IO::Socket::Socks::SOCKS4_RESOLVE = 1;
$SIG{CHLD} = 'IGNORE';
$| = 1;

# What one end says goes to the other, its end too.
sub carry {
	my %other = ($_[0] => $_[1], $_[1] => $_[0]);
	my $open = IO::Select->new(@_);

	while ($open->count) {
		for my $from ($open->can_read) {
			if (sysread($from, my $data, 65536)) {
				my $to = $other{$from};
				for (my $at = 0; $at < length $data;) {
					my $n = syswrite($to, $data, length($data) - $at, $at) or return;
					$at += $n;
				}
			} else {
				shutdown($other{$from}, 1);
				$open->remove($from);
			}
		}
	}
}

sub serve {
	my ($client) = @_;
	my ($command, $host, $port) = @{$client->command() or die "no request: $SOCKS_ERROR"};
	my $server;

	print "asked for $host $port\n";
	$server = IO::Socket::INET->new(PeerHost => $host, PeerPort => $port, Timeout => 10) if $command == CMD_CONNECT;
	if (!$server) {
		$client->command_reply(REQUEST_FAILED, '0.0.0.0', 0);
		return;
	}
	$client->command_reply(REQUEST_GRANTED, $server->sockhost, $server->sockport);
	carry($client, $server);
}

my $listener = IO::Socket::Socks->new(SocksVersion => 4, ProxyAddr => '127.0.0.1', ProxyPort => $ARGV[0], Listen => 10)
	or die $SOCKS_ERROR;
while (1) {
	my $client = $listener->accept() or next;
	my $pid = fork() // die "fork: $!";
	if ($pid == 0) {
		serve($client);
		exit 0;
	}
	close $client;
}
