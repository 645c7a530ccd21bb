package fsx

// Disk is what a system tells of the file system that a folder is on.
type Disk struct {
	Free  uint64 // bytes that this user may still write
	Total uint64
	Kind  string // such as "nfs"; empty if it is an ordinary one, or not known

	// Shared is whether it may be on another machine: such file systems promise
	// locks and do not always keep the promise.
	Shared bool
}
