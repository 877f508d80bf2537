// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/vela-rollouts/vela/internal/account"
)

// errRefused is the one error for a name and a password that do not go together.
var errRefused = errors.New("name and password do not go together")

// accounts are the local ones.
type accounts struct {
	*snapshot
	// turns bounds how many passwords are looked at at a time; each takes 64 MiB.
	turns chan struct{}
	// decoy is looked at for names that are not there, so that they take as long as others.
	decoy func() string
}

func newAccounts(snapshot *snapshot) *accounts {
	return &accounts{snapshot: snapshot, turns: make(chan struct{}, 2), decoy: sync.OnceValue(func() string { return account.Hash("") })}
}

// verify returns the account of a name and its password; errRefused when they do not go together.
func (a *accounts) verify(ctx context.Context, name, password string) (account.Account, error) {
	found, err := a.find(ctx, name, 0)
	if err != nil {
		return account.Account{}, err
	}
	select {
	case a.turns <- struct{}{}:
		defer func() { <-a.turns }()
	case <-ctx.Done():
		return account.Account{}, ctx.Err()
	}
	hash := ""
	if found != nil {
		hash = found.Hash
	} else {
		hash = a.decoy()
	}
	right := account.Matches(hash, password)
	if found == nil || !right || found.Disabled {
		return account.Account{}, errRefused
	}
	return *found, nil
}

// find is the account of a name as it was age ago at most, nil when there is none.
func (a *accounts) find(ctx context.Context, name string, age time.Duration) (*account.Account, error) {
	data, err := a.load(ctx, age)
	if err != nil {
		return nil, err
	}
	return account.Read(data, name)
}

// ensureFirst makes the first account where there is none, and returns its password; empty when there are accounts.
func (a *accounts) ensureFirst(ctx context.Context) (string, error) {
	password, made := account.NewPassword(), false
	var failed error
	err := a.change(ctx, func(data map[string][]byte) bool {
		made = len(data) == 0
		if made {
			failed = account.Write(data, account.First, account.Account{
				Hash: account.Hash(password), Groups: []string{account.GroupOf("admin")}, DisplayName: "Administrator",
			})
		}
		return made && failed == nil
	})
	if err = errors.Join(err, failed); err != nil || !made {
		return "", err
	}
	return password, nil
}

// setPassword changes the password of an account that is there.
func (a *accounts) setPassword(ctx context.Context, name, password string) error {
	hash := account.Hash(password)
	var failed error
	err := a.change(ctx, func(data map[string][]byte) bool {
		found, err := account.Read(data, name)
		if err == nil && found == nil {
			err = errRefused
		}
		if err == nil {
			found.Hash = hash
			err = account.Write(data, name, *found)
		}
		failed = err
		return err == nil
	})
	return errors.Join(err, failed)
}
