package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/ncruces/go-sqlite3/driver"
)

// What other programs do to the file of a board, as commands of the scripts.

func neighbour(path string) *sql.DB {
	path, err := filepath.Abs(path)
	must(err)
	db, err := driver.Open((&url.URL{Scheme: "file", Path: filepath.ToSlash(path), OmitHost: true}).String())
	must(err)
	db.SetMaxOpenConns(1)
	return db
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
}

func send(db *sql.DB, statements ...string) {
	for _, s := range statements {
		_, err := db.ExecContext(context.Background(), s)
		must(err)
	}
}

// damageIndex FILE INDEX takes the entries out of an index, and leaves its table.
func damageIndex() {
	db := neighbour(os.Args[1])
	defer db.Close()
	name := os.Args[2]
	var words string
	must(db.QueryRow(`SELECT sql FROM sqlite_schema WHERE name = ?`, name).Scan(&words))
	// An index that SQLite takes for a partial one when it is made is empty.
	send(db, `DROP INDEX `+name, words+` WHERE 0`, `PRAGMA writable_schema = ON`)
	_, err := db.Exec(`UPDATE sqlite_schema SET sql = ? WHERE name = ?`, words, name)
	must(err)
}

// deleteMode FILE makes a file without tables and without a write-ahead log.
func deleteMode() {
	db := neighbour(os.Args[1])
	defer db.Close()
	send(db, `PRAGMA journal_mode = DELETE`, `CREATE TABLE t (x)`, `DROP TABLE t`)
}

func showMode() {
	db := neighbour(os.Args[1])
	defer db.Close()
	var mode string
	must(db.QueryRow(`PRAGMA journal_mode`).Scan(&mode))
	fmt.Println(mode)
}

// holdOpen FILE PROGRAM... runs a program while this process has the file open,
// has read from it, and does nothing.
func holdOpen() {
	db := neighbour(os.Args[1])
	defer db.Close()
	var n int
	must(db.QueryRow(`SELECT count(*) FROM sqlite_schema`).Scan(&n))
	cmd := exec.Command(os.Args[2], os.Args[3:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	_ = cmd.Run()
	fmt.Println("status", cmd.ProcessState.ExitCode())
}
