// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/application/validate"
	"github.com/vela-rollouts/vela/internal/cli/shell"
	"github.com/vela-rollouts/vela/internal/cli/text"
)

const (
	// sizeLimit bounds what is read from one place; the API server takes about 3 MiB for one object.
	sizeLimit    = 4 << 20
	fetchTimeout = 30 * time.Second
	// stdin is how -f names standard input.
	stdin = "-"
)

// Found is one Application and the place that it was read from, as people would say it.
type Found struct {
	App  *v1beta1.Application
	From string
}

// Read gets the Applications of all -f, in their order.
func Read(ctx context.Context, sh *shell.Shell, from []string) ([]Found, error) {
	var all []Found
	for _, f := range from {
		found, err := New(sh, f).Applications(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// Check holds what is wrong with the -f of a command line.
func Check(sh *shell.Shell, from []string) error {
	if i := slices.Index(from, stdin); i >= 0 && slices.Contains(from[i+1:], stdin) {
		return sh.Usage("source.stdin-twice")
	}
	return nil
}

// Distinct refuses Applications that are defined twice; each has its namespace by now.
func Distinct(t text.Text, all []Found) error {
	first := map[string]string{}
	for _, f := range all {
		name := f.App.Namespace + "/" + f.App.Name
		if from, there := first[name]; there {
			return t.Error("source.twice", name, from, f.From)
		}
		first[name] = f.From
	}
	return nil
}

// Reader reads what one -f names.
type Reader struct {
	// From is what -f was given.
	From string
	// In is standard input.
	In   io.Reader
	Text text.Text
	// Fetch gets web addresses.
	Fetch *http.Client
}

// New reads from, with the shell's standard input and language.
func New(sh *shell.Shell, from string) Reader {
	return Reader{From: from, In: sh.In, Text: sh.Text, Fetch: &http.Client{Timeout: fetchTimeout}}
}

// file is one file's text and the name people know it by.
type file struct {
	name string
	text []byte
}

// Applications are all that is there, at least one, each with a name. Each error names the place and the mend.
func (r Reader) Applications(ctx context.Context) ([]Found, error) {
	files, err := r.files(ctx)
	if err != nil {
		return nil, err
	}
	var all []Found
	for _, f := range files {
		found, err := validate.DecodeAll(f.text)
		if err != nil {
			return nil, r.Text.Error("source.wrong", f.name, err)
		}
		if slices.ContainsFunc(found, func(app *v1beta1.Application) bool { return app.Name == "" }) {
			return nil, r.Text.Error("source.no-name", f.name)
		}
		for _, app := range found {
			all = append(all, Found{app, f.name})
		}
	}
	if len(all) == 0 {
		return nil, r.Text.Error("source.empty", r.name())
	}
	return all, nil
}

// name is what -f was given, as people would say it.
func (r Reader) name() string {
	if r.From == stdin {
		return r.Text.Of("source.stdin")
	}
	return r.From
}

func (r Reader) files(ctx context.Context) ([]file, error) {
	switch {
	case r.From == stdin:
		text, err := r.bounded(r.In)
		return []file{{r.name(), text}}, err
	case isURL(r.From):
		text, err := r.fetch(ctx)
		return []file{{r.name(), text}}, err
	}
	info, err := os.Stat(r.From)
	if err != nil {
		return nil, r.Text.Error("source.unreadable", r.From, err)
	}
	if !info.IsDir() {
		text, err := r.open(r.From)
		return []file{{r.From, text}}, err
	}
	return r.folder()
}

func isURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// folder reads the YAML and JSON files of a folder, by name, folders below it left out.
func (r Reader) folder() ([]file, error) {
	entries, err := os.ReadDir(r.From)
	if err != nil {
		return nil, r.Text.Error("source.unreadable", r.From, err)
	}
	var all []file
	for _, e := range entries {
		if e.IsDir() || !written(e.Name()) {
			continue
		}
		path := filepath.Join(r.From, e.Name())
		text, err := r.open(path)
		if err != nil {
			return nil, err
		}
		all = append(all, file{path, text})
	}
	return all, nil
}

// written says that a file's name is that of YAML or JSON.
func written(name string) bool {
	return slices.Contains([]string{".yaml", ".yml", ".json"}, strings.ToLower(filepath.Ext(name)))
}

func (r Reader) open(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, r.Text.Error("source.unreadable", path, err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	return r.bounded(f)
}

func (r Reader) fetch(ctx context.Context) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.From, nil)
	if err != nil {
		return nil, r.Text.Error("source.unreadable", r.From, err)
	}
	resp, err := r.Fetch.Do(req)
	if err != nil {
		return nil, r.Text.Error("source.unreadable", r.From, plain(err))
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, r.Text.Error("source.unreadable", r.From, errors.New(resp.Status))
	}
	return r.bounded(resp.Body)
}

// plain takes the address out of an HTTP error, and with it the kind that would be taken for a missing cluster.
func plain(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return errors.New(u.Err.Error())
	}
	return err
}

func (r Reader) bounded(from io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(from, sizeLimit+1))
	if err != nil {
		return nil, r.Text.Error("source.unreadable", r.name(), err)
	}
	if len(text) > sizeLimit {
		return nil, r.Text.Error("source.too-large", r.name(), fmt.Sprintf("%d MiB", sizeLimit>>20))
	}
	return text, nil
}

// Meant says that somebody who gave arg as the name of an application meant a file and forgot -f. A plain name may be
// that of an application and that of a file or folder beside it; then it is the application's, unless nothing but a file
// makes sense there (alone).
func Meant(arg string, alone bool) bool {
	if arg == stdin || written(arg) || isURL(arg) || strings.ContainsAny(arg, `/\`) {
		return true
	}
	_, err := os.Stat(arg)
	return alone && err == nil
}
