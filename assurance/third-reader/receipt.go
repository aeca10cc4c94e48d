package main

// exchange is what a receipt says was signed (§21). Without a salt, request and response are digests.
type exchange struct{ salt, request, response, model, signature []byte }

// checkReceipt is the signature of step `receipt`.
func checkReceipt(e exchange, c claims) string {
	if c.receiptKey == nil {
		return "receipt.no_key"
	}
	request, response := e.request, e.response
	if e.salt != nil {
		request, response = sum256(e.salt, request), sum256(e.salt, response)
	}
	message := join(lp([]byte("blindllama/receipt/v1")), lp(request), lp(response), lp(e.model), lp(c.epoch))
	if len(e.model) != 0 && len(e.model) != 32 || !verifyEd25519(c.receiptKey, message, e.signature) {
		return "receipt.signature"
	}
	return ""
}
