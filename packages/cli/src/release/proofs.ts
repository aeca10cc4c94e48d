import { exit } from '../exit.js'
import { Failure } from '../failure.js'
import { bytesOf } from '../read-file.js'
import { leadsFrom } from './proof.js'

/** Proofs of a log, each for one of the documents. */
export class Proofs {
  readonly #left: Map<string, Uint8Array>

  private constructor(proofs: ReadonlyMap<string, Uint8Array>) {
    this.#left = new Map(proofs)
  }

  static async read(files: readonly string[]): Promise<Proofs> {
    const proofs = new Map<string, Uint8Array>()
    for (const file of files) proofs.set(file, await bytesOf(file))
    return new Proofs(proofs)
  }

  take(entry: Uint8Array): Uint8Array | undefined {
    const found = [...this.#left].find(([file, proof]) => leadsFrom(entry, file, proof))
    if (found) this.#left.delete(found[0])
    return found?.[1]
  }

  /** @throws {Failure} `cli.release` where a proof is of none of the documents */
  assertTaken(): void {
    const [file] = this.#left.keys()
    if (file !== undefined)
      throw new Failure(
        'cli.release',
        `${file} proves none of these documents. The entry of a log covers the signatures: publish a document once everybody has signed it, and pack it with that proof`,
        exit.undecided,
      )
  }
}
