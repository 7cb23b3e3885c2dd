// Package maand gives dot the names and the order of fields that it has here.
package maand

// WorkerData is what all allocations of a worker share.
type WorkerData struct {
	BucketID, WorkerID, WorkerIP string
	Labels                       []string
	UpdateSeq                    int
}

// TemplateData is dot.
type TemplateData struct {
	AllocationID, Job, CurrentVersion, NewVersion string
	WorkerData
	BucketPath, JobPath string
}
