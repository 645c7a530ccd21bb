package proc

import "testing"

func TestFindCgroup(t *testing.T) {
	t.Parallel()
	const whole = "30 24 0:26 / /sys/fs/cgroup rw,relatime shared:4 - cgroup2 cgroup2 rw\n"
	for name, c := range map[string]struct{ groups, mounts, want string }{
		"a service":         {"0::/user.slice/andon.service\n", whole, "/sys/fs/cgroup/user.slice/andon.service"},
		"beside version 1":  {"4:memory:/x\n0::/\n", "9 8 0:2 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n10 8 0:3 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n", "/sys/fs/cgroup/unified"},
		"a part is mounted": {"0::/box/a\n", "30 24 0:26 /box /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "/sys/fs/cgroup/a"},
		"another part":      {"0::/a\n", "30 24 0:26 /box /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", ""},
		"outside":           {"0::/../a\n", whole, ""},
		"version 1 alone":   {"4:memory:/x\n", whole, ""},
		"not mounted":       {"0::/a\n", "", ""},
	} {
		if got, err := findCgroup(c.groups, c.mounts); got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: %q, %v; want %q", name, got, err, c.want)
		}
	}
}
