// Command release-log keeps a public log of releases: a folder of static files (C2SP tlog-tiles), to be served by any
// web server, and the witnesses that watch it.
//
//	release-log publish --log DIR --origin NAME --key FILE --witnesses FILE --entry FILE --proof FILE
//	release-log witness --name NAME --key FILE --log-origin NAME --log-key HEX --state FILE --listen ADDRESS
//	release-log monitor --log URL|DIR --origin NAME --log-key HEX --state FILE --known FILE --key HEX … --witness VKEY …
//
// Keys are PKCS#8 PEM of Ed25519, as `blindllama release keygen` makes them. Exit codes: 0 done, 1 failed, 2 alarms of a monitor.
package main

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"k8s.io/klog/v2"
)

const usage = `Usage: release-log COMMAND …

  publish   add a signed document to a log, and write the proof that it is there; blindllama release publish calls it
  witness   cosign the checkpoints of a log; prints its address, then its VKEY
  monitor   report what the log has signed by your keys, and a log that changed its history

release-log COMMAND --help prints the options. Keys are files of blindllama release keygen; the public half in hex is what it prints.
The file --witnesses says who must cosign. Two of three, whose VKEYs are what they print:

  witness a.example VKEY https://a.example/
  witness b.example VKEY https://b.example/
  witness c.example VKEY https://c.example/
  group two-of-three 2 a.example b.example c.example
  quorum two-of-three

Exit codes: 0 done or quiet, 1 failed, 2 alarms of a monitor.
`

// quiet lets through the warnings and errors of the log's library. What it tells of its steps reads like errors on a first publication:
// "Failed to fetch old checkpoint: file does not exist".
func quiet() error {
	flags := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(flags)
	klog.SetOutput(io.Discard)
	return errors.Join(flags.Set("logtostderr", "false"), flags.Set("stderrthreshold", "WARNING"))
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := errors.Join(quiet(), run(ctx, os.Args[1:])); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "release-log:", err)
		if errors.Is(err, errAlarms) {
			os.Exit(2)
		}
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New("say publish, witness or monitor; --help explains them")
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	switch args[0] {
	case "help", "--help", "-help", "-h":
		fmt.Print(usage)
		return flag.ErrHelp
	case "publish":
		var p publication
		flags.StringVar(&p.folder, "log", "", "folder of the log; made where there is none")
		flags.StringVar(&p.origin, "origin", "", "name of the log")
		flags.StringVar(&p.key, "key", "", "private key of the log")
		flags.StringVar(&p.witnesses, "witnesses", "", "witness policy: witness NAME VKEY URL, group, quorum")
		flags.StringVar(&p.entry, "entry", "", "file that is to stand in the log")
		flags.StringVar(&p.proof, "proof", "", "file for the proof that it does")
		if err := flags.Parse(args[1:]); err != nil {
			return err
		}
		return p.run(ctx)
	case "witness":
		var w service
		flags.StringVar(&w.name, "name", "", "name of the witness")
		flags.StringVar(&w.key, "key", "", "private key of the witness")
		flags.StringVar(&w.origin, "log-origin", "", "name of the log")
		flags.StringVar(&w.logKey, "log-key", "", "public key of the log, in hex")
		flags.StringVar(&w.state, "state", "", "file for the last checkpoint that was cosigned")
		flags.StringVar(&w.listen, "listen", "127.0.0.1:0", "address")
		if err := flags.Parse(args[1:]); err != nil {
			return err
		}
		return w.run(ctx)
	case "monitor":
		m := monitor{out: os.Stdout}
		flags.StringVar(&m.log, "log", "", "URL or folder of the log")
		flags.StringVar(&m.origin, "origin", "", "name of the log")
		flags.StringVar(&m.logKey, "log-key", "", "public key of the log, in hex")
		flags.StringVar(&m.state, "state", "", "file for the last checkpoint and the number of entries that were read")
		flags.StringVar(&m.known, "known", "", "file of the documents that you signed: one SHA-256 in hex a line")
		flags.Var(&m.keys, "key", "public key, in hex, whose use is watched; may be repeated")
		flags.Var(&m.witnesses, "witness", "key of a witness, as release-log witness prints it; may be repeated")
		flags.IntVar(&m.threshold, "threshold", -1, "how many witnesses have to cosign; default: more than half")
		flags.DurationVar(&m.every, "every", 0, "time between two rounds, as 10m; default: one round")
		flags.DurationVar(&m.timeout, "timeout", 5*time.Minute, "longest time of a round")
		if err := flags.Parse(args[1:]); err != nil {
			return err
		}
		return m.run(ctx)
	}
	return fmt.Errorf("there is no command %q", args[0])
}

// readKey reads an Ed25519 private key that nobody else may read.
func readKey(path string) (ed25519.PrivateKey, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s: others may read this key: chmod 600", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, rest := pem.Decode(text)
	if block == nil || block.Type != "PRIVATE KEY" || len(rest) != 0 {
		return nil, fmt.Errorf("%s: not one PKCS#8 PEM", path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s: not an Ed25519 key", path)
	}
	return key, nil
}
