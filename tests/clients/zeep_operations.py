"""Calls every operation of every WSDL of the SOAP door through zeep, from the address that it is given.

The bodies are empty: what is looked at is that a client made from the WSDL reaches the operation and reads its answer."""
import sys

from zeep import Client
from zeep.exceptions import Fault


def call_all(address):
    client = Client(address + "?wsdl")
    called = []
    for service in client.wsdl.services.values():
        for port in service.ports.values():
            assert port.binding_options["address"] == address, port.binding_options
            bound = client.bind(service.name, port.name)
            for name in port.binding.all():
                try:
                    getattr(bound, name)(_value_1=[])
                except Fault as fault:
                    raise AssertionError(f"{address} {name}: {fault.message}") from fault
                called.append(name)
    return called


everything = call_all(sys.argv[1])
alone = []
for transaction in sorted({name.split("_")[0] for name in everything}):
    alone += call_all(f"{sys.argv[1]}/{transaction}")
assert sorted(alone) == sorted(everything), alone
print(*everything, sep="\n")
