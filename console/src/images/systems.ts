const NAMES: Record<string, string> = {
  almalinux: "AlmaLinux",
  centos: "CentOS",
  cirros: "CirrOS",
  coreos: "CoreOS",
  debian: "Debian",
  euleros: "EulerOS",
  fedora: "Fedora",
  freebsd: "FreeBSD",
  kylin: "Kylin",
  openeuler: "openEuler",
  opensuse: "openSUSE",
  rhel: "RHEL",
  rocky: "Rocky Linux",
  sles: "SLES",
  ubuntu: "Ubuntu",
  uos: "UOS",
  windows: "Windows",
};

/** A system as its makers write it. */
export const nameOfSystem = (system: string): string =>
  NAMES[system.toLowerCase()] ?? system.charAt(0).toUpperCase() + system.slice(1);
