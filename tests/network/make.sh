# Makes a network in new namespaces, and runs a program in it: `make.sh DIRECTORY PROGRAM...`, as root of new network,
# mount and process namespaces. Nothing of it is left when the program ends.
#
#   near, where the program is          far, on the other side of a pair of interfaces (veth(4))
#   192.0.2.1, 2001:db8::1              192.0.2.2, 2001:db8::2
#                                       192.0.2.3           nobody is told where it is (ARP) until the program says so
#   route to 2001:db8:dead::/48         swallows what comes for there
#
# The name server is whoever serves port 53 of 127.0.0.1, without a search list.
set -e
mount -t tmpfs none /run
ip netns add far
ip link set lo up
ip link add near address 02:00:00:00:00:01 type veth peer name far address 02:00:00:00:00:02 netns far
ip -n far link set lo up
ip netns exec far sh -c 'echo 8 > /proc/sys/net/ipv4/conf/far/arp_ignore; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding'
for number in 1 2; do
    case $number in 1) where=near own="ip" ;; 2) where=far own="ip -n far" ;; esac
    $own address add 192.0.2.$number/24 dev $where
    $own address add 2001:db8::$number/64 dev $where nodad
    $own link set $where up
done
ip -n far address add 192.0.2.3/24 dev far
ip neighbour replace 192.0.2.2 lladdr 02:00:00:00:00:02 nud permanent dev near
ip route add 2001:db8:dead::/48 via 2001:db8::2
ip -n far route add blackhole 2001:db8:dead::/48
echo "nameserver 127.0.0.1" > "$1/resolv.conf"
echo "hosts: files dns" > "$1/nsswitch.conf"
for name in resolv.conf nsswitch.conf; do
    mount --bind "$1/$name" /etc/$name
done
shift
exec "$@"
