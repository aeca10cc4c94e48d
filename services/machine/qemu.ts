import type { Firmware } from './firmware.ts'

/** What decides the platform's measurements: the values of PCR 0 to 3, 6 and 7 belong to one shape. */
export interface Shape {
  /** In MiB. */
  readonly memory: number
  readonly processors: number
}

export const defaultShape: Shape = { memory: 1024, processors: 2 }

export interface Disks {
  /** FAT disk with the image. */
  readonly boot: string
  readonly model: string
  readonly configuration: string
  /** Disk of documents, which may change while the machine runs (PROTOCOL.md §24.7). */
  readonly documents: string
}

export interface MachineInput {
  readonly shape: Shape
  readonly accelerator: 'kvm' | 'tcg'
  readonly firmware: Firmware
  /** Copy of the firmware's variables that the machine may change. */
  readonly variables: string
  readonly disks: Disks
  /** Control socket of swtpm. */
  readonly tpm: string
  /** Port of 127.0.0.1 that leads to the guest's one port; undefined: no way in. */
  readonly port?: number
  /** In place of QEMU's user network: words of `-netdev` behind the kind and the name, for a peer on the wire itself. */
  readonly wire?: string
  /** Further words for QEMU's user network. */
  readonly network?: string
  /** A further peer on the guest's wire, beside QEMU's user network: words as for {@link wire}. */
  readonly beside?: string
  /** Lets the guest out to the host and its networks, for tests of an image that has to keep to its own list. Default: false. */
  readonly outward?: boolean
  /** UNIX socket for QEMU's control protocol (QMP), for what a host can do to a machine that runs. */
  readonly control?: string
  /** File that gets every packet, in the format of tcpdump. */
  readonly capture?: string
  /** Further words, for tests of what a host can put in. */
  readonly extra?: readonly string[]
}

/** The guest's address and port, as the image has them. */
const guest = '10.0.2.15:8787'

/** Options of QEMU after which no host file holds a comma that QEMU would read as the end of the name. */
const escape = (path: string): string => path.replaceAll(',', ',,')

/**
 * Words for `qemu-system-x86_64`: a machine with a TPM, a network card and four disks, and with no console input, monitor, screen, USB,
 * guest agent or shared folder.
 */
export function qemuArguments(input: MachineInput): string[] {
  const { shape, accelerator, firmware, variables, disks, tpm, control, capture, extra = [] } = input
  const disk = (id: string, file: string, more: string): string[] => [
    '-drive',
    `if=none,id=${id},format=raw,readonly=on,file=${escape(file)}`,
    '-device',
    `virtio-blk-pci,drive=${id},${more}`,
  ]
  return [
    '-no-user-config',
    '-nodefaults',
    '-no-reboot',
    '-display',
    'none',
    '-vga',
    'none',
    '-monitor',
    'none',
    '-parallel',
    'none',
    '-chardev',
    'stdio,id=console,signal=off',
    '-serial',
    'chardev:console',
    '-machine',
    // Firmware with Secure Boot keeps its variables from the system by system management mode, and does not start without.
    ...(firmware.secureBoot === true
      ? ['q35,smm=on', '-global', 'driver=cfi.pflash01,property=secure,value=on']
      : ['q35,smm=off']),
    '-accel',
    accelerator === 'kvm' ? 'kvm' : 'tcg,thread=multi',
    '-cpu',
    // QEMU computes AVX2 in software: the model server's build for SSE2 then takes a sixth less processor time for the same tokens.
    accelerator === 'kvm' ? 'host' : 'max,avx2=off',
    '-m',
    String(shape.memory),
    '-smp',
    String(shape.processors),
    '-drive',
    `if=pflash,format=raw,unit=0,readonly=on,file=${escape(firmware.code)}`,
    '-drive',
    `if=pflash,format=raw,unit=1,file=${escape(variables)}`,
    '-chardev',
    `socket,id=tpm,path=${escape(tpm)}`,
    '-tpmdev',
    'emulator,id=tpm,chardev=tpm',
    '-device',
    'tpm-crb,tpmdev=tpm',
    ...networkArguments(input),
    ...(control === undefined ? [] : ['-qmp', `unix:${escape(control)},server=on,wait=off`]),
    ...(capture === undefined ? [] : ['-object', `filter-dump,id=dump,netdev=net,file=${escape(capture)}`]),
    ...disk('boot', disks.boot, 'bootindex=0'),
    ...disk('model', disks.model, 'serial=blindllama-model'),
    ...disk('configuration', disks.configuration, 'serial=blindllama-config'),
    ...disk('documents', disks.documents, 'serial=blindllama-documents'),
    '-device',
    'virtio-rng-pci',
    ...extra,
  ]
}

const card = (netdev: string): string[] => ['-device', `virtio-net-pci,netdev=${netdev},romfile=`]

/** A place at a hub, which sends what one place says to all others. */
const atHub = (id: string, more = ''): string[] => ['-netdev', `hubport,id=${id},hubid=0${more}`]

/** A network card, and who is on its wire. */
function networkArguments({ port, wire, network, beside, outward = false }: MachineInput): string[] {
  const forward = port === undefined ? '' : `,hostfwd=tcp:127.0.0.1:${port}-${guest}`
  const more = network === undefined ? '' : `,${network}`
  // `restrict`: the outside is closed here too. The image does not rely on it.
  const user = `user,id=net,restrict=${outward ? 'off' : 'on'}${forward}${more}`
  const first = ['-netdev', wire === undefined ? user : `socket,id=net,${wire}`]
  if (beside === undefined) return [...first, ...card('net')]
  const second = ['-netdev', `socket,id=beside,${beside}`]
  const hub = [...atHub('net-place', ',netdev=net'), ...atHub('beside-place', ',netdev=beside'), ...atHub('card-place')]
  return [...first, ...second, ...hub, ...card('card-place')]
}
