//go:build !race

package mcp_test

const hugeMiB = 10
