package doctor

import "os/exec"

// executable says why a file cannot be started: Windows finds it with one of
// several endings.
func executable(file string) error {
	_, err := exec.LookPath(file)
	return err
}
