// Command third-reader judges the conformance vectors of BlindLlama Web as a third verifier, written from
// docs/PROTOCOL.md alone. It exits with 1 where it differs from a vector, and with 2 where it cannot run.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

// report counts every vector once: judged, or outside by the first layer that it needs.
type report struct {
	Vectors int            `json:"vectors"`
	Judged  int            `json:"judged"`
	Outside map[string]int `json:"outside"`
	// Beside counts vectors that are outside and whose expected code is of another layer: all other
	// steps are compared, those of the layers outside being taken as passed.
	Beside    int          `json:"beside"`
	Different []difference `json:"different"`
}

// difference is a vector whose expectation is another than the judgement.
type difference struct {
	Name     string `json:"name"`
	Expected string `json:"expected"`
	Judged   string `json:"judged"`
}

func main() {
	words := os.Args[1:]
	asJSON := slices.Contains(words, "--json")
	words = slices.DeleteFunc(words, func(word string) bool { return word == "--json" })
	if len(words) != 1 {
		fail(fmt.Errorf("usage: third-reader VECTORS_DIR [--json]"))
	}
	vectors, err := readVectors(words[0])
	if err != nil {
		fail(err)
	}
	if len(vectors) == 0 {
		fail(fmt.Errorf("%s holds no vectors; name the folder with the files *.json", words[0]))
	}
	result, err := compare(vectors)
	if err != nil {
		fail(err)
	}
	if asJSON {
		text, err := json.Marshal(result)
		if err != nil {
			fail(err)
		}
		fmt.Println(string(text))
	} else {
		result.print()
	}
	if len(result.Different) > 0 {
		os.Exit(1)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "third-reader:", err)
	os.Exit(2)
}

func (r report) print() {
	for _, d := range r.Different {
		fmt.Printf("%s: expected %s, judged %s\n", d.Name, d.Expected, d.Judged)
	}
	fmt.Printf("%d vectors: %d judged; outside %v, %d of these judged beside it; %d different\n",
		r.Vectors, r.Judged, r.Outside, r.Beside, len(r.Different))
}

// compare judges all vectors. A vector that needs a layer outside of this reader is counted under it.
func compare(vectors []vector) (report, error) {
	result := report{Vectors: len(vectors), Outside: map[string]int{}, Different: []difference{}}
	for _, v := range vectors {
		in, err := v.input()
		if err != nil {
			return result, err
		}
		out := judge(in)
		if len(out.outside) == 0 {
			result.Judged++
		} else {
			result.Outside[out.outside[0]]++
			if out.dependsOn(v.Code) {
				continue
			}
			result.Beside++
		}
		if expected, judged := v.told(), out.told(); expected != judged {
			result.Different = append(result.Different, difference{v.Name, expected, judged})
		}
	}
	return result, nil
}

// told spells what a vector expects: its code, the steps that warn where it passes, and the next state.
func (v vector) told() string {
	var next []byte
	if v.NextState != nil {
		next, _ = unhex(v.NextState)
	}
	return spell(v.Code, v.Warnings, next)
}

func (o outcome) told() string { return spell(o.code, o.warnings, o.nextState) }

// spell leaves out the warnings of a refusal, of which vectors do not tell (README of the vectors).
func spell(code string, warnings []string, next []byte) string {
	words := []string{code}
	if code == "ok" {
		words = append(words, warnings...)
	}
	if next != nil {
		words = append(words, "then "+hexText(next))
	}
	return strings.Join(words, " ")
}

// dependsOn tells whether a code can come from a step that was taken as passed.
func (o outcome) dependsOn(code string) bool {
	layer, _, _ := strings.Cut(code, ".")
	return slices.Contains(o.outside, layer) ||
		slices.Contains(o.outside, "chain") && (code == "ak.untrusted" || code == "ak.all_of")
}
