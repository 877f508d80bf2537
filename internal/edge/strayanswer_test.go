// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"bytes"
	"errors"
	"log"
	"testing"
)

func TestTheLogTellsOfAnAnswerToNothingWithoutItsBytes(t *testing.T) {
	var said bytes.Buffer
	l := log.New(LogWithoutAnswers(&said), "", 0)
	l.Printf("before: %d", 1)
	l.Printf("Unsolicited response received on idle HTTP channel starting with %q; err=%v", "HTTP/1.1 200 OK secret", errors.New("eof"))
	l.Print("after")
	const want = "before: 1\nUnsolicited response received on idle HTTP channel\nafter\n"
	if said.String() != want {
		t.Errorf("the log says\n%s\nwant\n%s", &said, want)
	}
}
