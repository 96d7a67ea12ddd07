"""Feeds and asks through Python's hl7: hl7.client over MLLP, plain or by TLS; its parser reads the answers.

python_hl7.py HOST PORT [CERTIFICATE KEY]: with a certificate, which the server must trust, by TLS."""
import ssl
import sys

import hl7
from hl7.client import MLLPClient

host, port, *files = sys.argv[1:]
client = MLLPClient(host, int(port))
if files:
    context = ssl.create_default_context(cafile=files[0])
    context.load_cert_chain(*files)
    client.socket = context.wrap_socket(client.socket, server_hostname="localhost")
count = 0
name = "TLS" if files else "PLAIN"


def send(kind, *segments):
    global count
    count += 1
    header = rf"MSH|^~\&|PYTHON|HOSPITAL|ALZETTE|LU|20260101||{kind}|{name}{count}|P|2.5"
    answer = hl7.parse(client.send_message("\r".join([header, *segments])).decode("utf-8").strip("\x0b\x1c\r"))
    assert answer.segment("MSA")[2][0] == f"{name}{count}", answer
    return answer


fed = send("ADT^A28^ADT_A05", "EVN|A28|20260101", f"PID|||{name}1^^^A~{name}2^^^B||PYTHON^ZOE||19700228|F")
print("feed", fed.segment("MSA")[1])
asked = send("QBP^Q23^QBP_Q21", f"QPD|IHE PIX Query|T1|{name}1^^^A", "RCP|I")
print("cross-reference", asked.segment("QAK")[2], asked.segment("PID")[3])
found = send("QBP^Q22^QBP_Q21", f"QPD|IHE PDQ Query|T2|@PID.3.1^{name}2~@PID.5.1.1^python", "RCP|I")
print("demographics", found.segment("QAK")[2], found.segment("PID")[5])
unknown = send("QBP^Q23^QBP_Q21", "QPD|IHE PIX Query|T3|nobody^^^A", "RCP|I")
print("unknown", unknown.segment("MSA")[1], unknown.segment("ERR")[3])
client.close()
