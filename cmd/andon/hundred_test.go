package main

import (
	"testing"
	"time"
)

// BenchmarkHundredThousand times whole processes on a board of 100 000 cards, of
// which most wait for somebody to take them.
func BenchmarkHundredThousand(b *testing.B) {
	dir := b.TempDir()
	andon := with(b, build(b, dir), dir+"/home", 100_000, idOf)
	for _, c := range []struct {
		name string
		args []string
	}{
		{"list", []string{"list", "--status", "ready", "--limit", "50"}},
		{"stats", []string{"stats"}},
		{"show", []string{"show", string(idOf(50_000))}},
	} {
		b.Run(c.name, func(b *testing.B) {
			var took []float64
			for b.Loop() {
				began := time.Now()
				if out, err := andon(c.args...).CombinedOutput(); err != nil {
					b.Fatalf("%v: %v\n%s", c.args, err, out)
				}
				took = append(took, time.Since(began).Seconds()*1000)
			}
			b.ReportMetric(median(took), "median-ms")
		})
	}
}
