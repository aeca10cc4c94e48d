module github.com/blindllama/blindllama-web/conformance/reader-go

go 1.25.4
