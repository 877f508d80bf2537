// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/vela-rollouts/vela/cluster/payload/manifest"
)

// recipe changes when this program makes something else from the same sources; everything is then built again.
const recipe = "1"

const linkFlags = "-s -w"

type builder struct {
	dir   string // the payload package
	force bool
	out   io.Writer // progress for people

	platform platform
	last     manifest.Manifest // what bin/ holds from before
	next     manifest.Manifest // what it will hold
	step     int
	steps    int
}

// platform is what every program depends on.
type platform struct {
	os, arch, goVersion string
	thirdparty          string // checksum of thirdparty/go.mod, which pins every version
	seccomp             string // version of libseccomp
}

func (b *builder) bin() string        { return filepath.Join(b.dir, "bin") }
func (b *builder) thirdparty() string { return filepath.Join(b.dir, "thirdparty") }

func (b *builder) run(ctx context.Context) error {
	if err := b.inspect(ctx); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "vela-payload-")
	if err != nil {
		return fmt.Errorf("making a folder to build in: %w", err)
	}
	defer os.RemoveAll(work) //nolint:errcheck // left-overs in the temporary folder harm nobody

	list := targets()
	b.steps = len(list) + 1
	for _, t := range list {
		if err := b.program(ctx, t, filepath.Join(work, filepath.Base(t.path))); err != nil {
			return err
		}
	}
	if err := b.pause(ctx, filepath.Join(work, "pause")); err != nil {
		return err
	}
	return b.finish()
}

// inspect reads what the builds depend on, and what is there already.
func (b *builder) inspect(ctx context.Context) error {
	sum, err := checksumFiles(filepath.Join(b.thirdparty(), "go.mod"))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is not the folder of the payload; run this in the folder cluster, or name the folder with -payload", b.dir)
	}
	if err != nil {
		return err
	}
	env, err := goTool(ctx, b.thirdparty(), nil, "env", "GOOS", "GOARCH", "GOVERSION")
	if err != nil {
		return err
	}
	fields := strings.Fields(env)
	if len(fields) != 3 {
		return fmt.Errorf("`go env GOOS GOARCH GOVERSION` printed %q, which is not three words", env)
	}
	seccomp, err := checkCTools(ctx)
	if err != nil {
		return err
	}
	b.platform = platform{os: fields[0], arch: fields[1], goVersion: fields[2], thirdparty: sum, seccomp: seccomp}
	if b.platform.os != "linux" {
		return fmt.Errorf("velad runs on Linux only, and GOOS is %s; set GOOS=linux", b.platform.os)
	}
	b.next = manifest.Manifest{OS: fields[0], Arch: fields[1], PauseImage: pauseImageName}
	last, err := manifest.Read(os.DirFS(b.bin()))
	if err == nil {
		b.last = last
	}
	return nil // an unreadable manifest only means that everything is built again
}

// program builds one third-party program, unless it is up to date, and packs it.
func (b *builder) program(ctx context.Context, t target, output string) error {
	version, err := goTool(ctx, b.thirdparty(), nil, "list", "-m", "-f", "{{.Version}}", t.module)
	if err != nil {
		return err
	}
	file := manifest.File{Path: t.path, Packed: filepath.Base(t.path) + ".zst", Version: version, Mode: 0o755}
	file.Inputs = checksum(recipe, fmt.Sprintf("%+v %+v %s", t, b.platform, version), linkFlags)
	return b.once(file, output, func() error {
		return b.compile(ctx, b.thirdparty(), t, version, output)
	})
}

func (b *builder) compile(ctx context.Context, dir string, t target, version, output string) error {
	output, err := filepath.Abs(output)
	if err != nil {
		return err
	}
	flags := linkFlags
	if t.setVersion != "" {
		flags += " -X " + t.setVersion + "=" + version
	}
	env := []string{"CGO_ENABLED=0"}
	if t.cgo {
		env = []string{"CGO_ENABLED=1"}
		flags += ` -linkmode external -extldflags "-static"`
	}
	_, err = goTool(ctx, dir, env, "build", "-p", "2", "-trimpath", "-buildvcs=false",
		"-tags", strings.Join(t.tags, ","), "-ldflags", flags, "-o", output, t.pkg)
	return err
}

// once runs build and packs the output, unless bin/ has the file from the same inputs. It tells the progress.
func (b *builder) once(file manifest.File, output string, build func() error) error {
	b.step++
	label := fmt.Sprintf("[%d/%d] %-24s %-10s", b.step, b.steps, file.Name(), file.Version)
	packed := filepath.Join(b.bin(), file.Packed)
	if old, ok := b.last.Find(file.Path); ok && !b.force && old.Inputs == file.Inputs && exists(packed) {
		b.say("%s up to date\n", label)
		b.next.Files = append(b.next.Files, old)
		return nil
	}
	b.say("%s building ...", label)
	start := time.Now()
	if err := build(); err != nil {
		b.say("\n")
		return fmt.Errorf("building %s: %w", file.Name(), err)
	}
	size, err := pack(&file, output, packed)
	if err != nil {
		b.say("\n")
		return fmt.Errorf("packing %s: %w", file.Name(), err)
	}
	b.say(" %.1f s, %.1f MB, packed %.1f MB\n", time.Since(start).Seconds(), megabytes(file.Size), megabytes(size))
	b.next.Files = append(b.next.Files, file)
	// Written after every file: an interrupted run keeps what it has. What comes later is carried over from the last run.
	return b.save(b.merged())
}

// say tells the progress. Where nobody can read it, the build goes on.
func (b *builder) say(format string, args ...any) {
	_, _ = fmt.Fprintf(b.out, format, args...)
}

// merged is the new list so far, followed by what the last run had besides.
func (b *builder) merged() manifest.Manifest {
	m := b.next
	m.Files = append([]manifest.File(nil), b.next.Files...)
	for _, f := range b.last.Files {
		if _, ok := m.Find(f.Path); !ok {
			m.Files = append(m.Files, f)
		}
	}
	return m
}

// finish writes the final manifest and drops packed files that no longer belong to the payload.
func (b *builder) finish() error {
	if err := b.save(b.next); err != nil {
		return err
	}
	keep := map[string]bool{manifest.FileName: true, ".keep": true}
	for _, f := range b.next.Files {
		keep[f.Packed] = true
	}
	entries, err := os.ReadDir(b.bin())
	if err != nil {
		return fmt.Errorf("looking for old files: %w", err)
	}
	for _, e := range entries {
		if keep[e.Name()] {
			continue
		}
		if err := os.RemoveAll(filepath.Join(b.bin(), e.Name())); err != nil {
			return fmt.Errorf("removing an old file: %w", err)
		}
	}
	return nil
}

// save leaves an unchanged manifest alone, so that its time does not make velad link again.
func (b *builder) save(m manifest.Manifest) error {
	data, err := m.Encode()
	if err != nil {
		return err
	}
	name := filepath.Join(b.bin(), manifest.FileName)
	if old, err := os.ReadFile(name); err == nil && string(old) == string(data) {
		return nil
	}
	return replaceFile(name, data)
}

// pack compresses the built file into packed, fills in the file's size and checksum, and returns the packed size in bytes.
func pack(file *manifest.File, built, packed string) (int64, error) {
	data, err := os.ReadFile(built)
	if err != nil {
		return 0, err
	}
	sum := sha256.Sum256(data)
	file.Size, file.SHA256 = int64(len(data)), hex.EncodeToString(sum[:])
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return 0, err
	}
	small := encoder.EncodeAll(data, nil)
	return int64(len(small)), replaceFile(packed, small)
}

func replaceFile(name string, data []byte) error {
	if err := os.WriteFile(name+".new", data, 0o644); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}

func exists(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular() && info.Size() > 0
}

func checksum(parts ...string) string {
	hash := sha256.New()
	for _, p := range parts {
		hash.Write(fmt.Appendf(nil, "%d:%s\n", len(p), p))
	}
	return hex.EncodeToString(hash.Sum(nil))
}

func checksumFiles(names ...string) (string, error) {
	parts := make([]string, 0, len(names))
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return "", fmt.Errorf("reading what the payload is built from: %w", err)
		}
		parts = append(parts, string(data))
	}
	return checksum(parts...), nil
}

func megabytes(n int64) float64 { return float64(n) / 1e6 }
