// Command ohttp-peer-go is an independent Chunked Oblivious HTTP peer for interoperability tests: the modules twoway, ohttp and
// bhttp of github.com/openpcc, which share no line with the SDK or the gateway, so that what both sides understand is the
// standard and not a common mistake.
//
//	ohttp-peer-go gateway AEAD   serves a gateway that echoes, until standard input ends; prints {"address", "config"}
//	ohttp-peer-go client         sends the request of each line of standard input, prints a line for each answer
//
// AEAD is a number of RFC 9180 §7.3. Byte strings are hexadecimal. What the modules refuse is {"error": "…"}.
package main

import (
	"fmt"
	"os"
)

func main() {
	var err error
	switch {
	case len(os.Args) == 3 && os.Args[1] == "gateway":
		err = gateway(os.Args[2])
	case len(os.Args) == 2 && os.Args[1] == "client":
		err = client()
	default:
		err = fmt.Errorf("usage: ohttp-peer-go gateway AEAD | client")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
