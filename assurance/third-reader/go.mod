module github.com/blindllama/blindllama-web/assurance/third-reader

go 1.25.4
