package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// vector is a file of spec/vectors/bundles, described in its README.
type vector struct {
	Name           string     `json:"name"`
	Expect         string     `json:"expect"`
	Code           string     `json:"code"`
	Warnings       []string   `json:"warnings"`
	Evidence       string     `json:"evidence"`
	Static         *string    `json:"static"`
	Policy         string     `json:"policy"`
	Audience       string     `json:"audience"`
	Nonce          string     `json:"nonce"`
	NowMs          uint64     `json:"nowMs"`
	AllowSimulated bool       `json:"allowSimulated"`
	Versions       []uint64   `json:"versions"`
	Suites         [][]uint16 `json:"suites"`
	State          *string    `json:"state"`
	NextState      *string    `json:"nextState"`
	Receipt        *struct {
		Exchange *struct {
			Salt        *string `json:"salt"`
			Request     string  `json:"request"`
			Response    string  `json:"response"`
			ModelDigest string  `json:"modelDigest"`
			Signature   string  `json:"signature"`
		} `json:"exchange"`
		Status *struct {
			Documents string `json:"documents"`
			NowMs     uint64 `json:"nowMs"`
		} `json:"status"`
	} `json:"receipt"`
}

// readVectors reads all files of a folder, in the order of their names.
func readVectors(folder string) ([]vector, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	var out []vector
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var v vector
		if err := json.Unmarshal(text, &v); err != nil {
			return nil, fmt.Errorf("%s is not a vector: %w; write the vectors anew", file, err)
		}
		out = append(out, v)
	}
	return out, nil
}

// unhex decodes what the generator wrote; nil stays nil.
func unhex(text *string) ([]byte, error) {
	if text == nil {
		return nil, nil
	}
	out, err := hex.DecodeString(*text)
	if out == nil {
		out = []byte{}
	}
	return out, err
}

func (v vector) input() (in input, err error) {
	read := func(text *string) []byte {
		out, fault := unhex(text)
		if fault != nil {
			err = fmt.Errorf("%s: %w", v.Name, fault)
		}
		return out
	}
	in = input{
		evidence: read(&v.Evidence), static: read(v.Static), policy: []byte(v.Policy), audience: v.Audience,
		nonce: read(&v.Nonce), nowMs: v.NowMs, allowSimulated: v.AllowSimulated, versions: v.Versions,
		state: read(v.State), receipt: v.Receipt != nil,
	}
	for _, s := range v.Suites {
		in.suites = append(in.suites, suite{s[0], s[1], s[2]})
	}
	if v.Receipt == nil {
		return in, err
	}
	if e := v.Receipt.Exchange; e != nil {
		in.exchange = &exchange{read(e.Salt), read(&e.Request), read(&e.Response), read(&e.ModelDigest), read(&e.Signature)}
	}
	if s := v.Receipt.Status; s != nil {
		in.currentStatus, in.statusNowMs = read(&s.Documents), s.NowMs
	}
	return in, err
}
