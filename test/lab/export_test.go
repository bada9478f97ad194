package lab

// CgroupParent is the cgroup that holds those of the lab's engines.
func CgroupParent(l *Lab) string { return cgroupParent(l.Dir) }
