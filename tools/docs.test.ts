import { describe, expect, it } from 'vitest'
import { read } from './docs/tree.ts'

describe('the documentation', () => {
  it('shows in the README exactly the program that the scenarios run', () => {
    const program = read('examples/minimal/chat.ts')
    expect(program.trimEnd().split('\n').length).toBeLessThanOrEqual(20)
    expect(read('README.md')).toContain(`\`\`\`ts\n${program}\`\`\``)
  })

  it('leaves no claim of the threat model without a test', () => {
    const [, section = ''] = /## What is proven\n([^]*?)\n## /.exec(read('docs/THREAT-MODEL.md')) ?? []
    const claims = section.split('\n').filter((line) => /^\| (?!---|claim )/.test(line))
    expect(claims.length).toBeGreaterThan(15)
    expect(claims.filter((line) => !/` › `/.test(line))).toEqual([])
  })
})
