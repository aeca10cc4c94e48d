#!/usr/bin/env python3
"""Stands between QEMU and a software TPM, and puts another TPM in its place on SIGUSR1: what a host can do with a TPM of its own.

    tpm-switch.py SOCKET FIRST SECOND

SOCKET is where QEMU finds its TPM; FIRST and SECOND are control sockets of two swtpm. QEMU sends commands for the TPM over a socket whose
descriptor it passes on the control socket (CMD_SET_DATAFD of swtpm_ioctls(3)). Each answer follows its command, so the exchange is
between two commands.
"""
import selectors
import signal
import socket
import struct
import sys

CMD_INIT = 2
CMD_SET_DATAFD = 16
# TPM2_Startup(TPM_SU_CLEAR): TPM 2.0 Part 3 §9.3.
STARTUP = bytes.fromhex("80010000000c000001440000")


class Tpm:
    def __init__(self, path: str) -> None:
        self.control = socket.socket(socket.AF_UNIX)
        self.control.connect(path)
        self.data, theirs = socket.socketpair()
        socket.send_fds(self.control, [struct.pack(">I", CMD_SET_DATAFD)], [theirs.fileno()])
        if self.control.recv(4) != bytes(4):
            raise SystemExit("swtpm refuses the socket for commands")

    def start(self) -> None:
        self.control.sendall(struct.pack(">II", CMD_INIT, 0))
        if self.control.recv(4) != bytes(4):
            raise SystemExit("swtpm does not start")
        self.ask(STARTUP)

    def ask(self, command: bytes) -> bytes:
        self.data.sendall(command)
        return receive(self.data)


def receive(connection: socket.socket) -> bytes:
    """A whole command or answer: its length stands at byte 2. Nothing: the other side has ended."""
    read = b""
    while len(read) < 6 or len(read) < struct.unpack_from(">I", read, 2)[0]:
        piece = connection.recv(4096)
        if not piece:
            return b""
        read += piece
    return read


def main() -> None:
    path, first, second = sys.argv[1:]
    # The first one keeps the control socket, and runs on: the machine must not see an end.
    replaced = current = Tpm(first)
    control = replaced.control
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(1)
    print("ready", flush=True)
    machine, _ = listener.accept()
    commands = None
    # A signal interrupts no exchange: it is read like a message.
    woken, wake = socket.socketpair()
    wake.setblocking(False)
    signal.set_wakeup_fd(wake.fileno())
    signal.signal(signal.SIGUSR1, lambda *_: None)
    selector = selectors.DefaultSelector()
    for each in (machine, control, woken):
        selector.register(each, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is woken:
                woken.recv(16)
                current = Tpm(second)
                current.start()
                print("switched", flush=True)
            elif key.fileobj is machine:
                message, descriptors, _, _ = socket.recv_fds(machine, 8192, 1)
                if not message:
                    return
                if descriptors:
                    commands = socket.socket(fileno=descriptors[0])
                    selector.register(commands, selectors.EVENT_READ)
                    machine.sendall(bytes(4))
                else:
                    control.sendall(message)
            elif key.fileobj is control:
                message = control.recv(8192)
                if not message:
                    return
                machine.sendall(message)
            elif key.fileobj is commands:
                command = receive(commands)
                if not command:
                    return
                commands.sendall(current.ask(command))


main()
