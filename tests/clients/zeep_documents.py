"""Provides, finds and retrieves a document through zeep, from the WSDL whose address it is given.

The document goes in as base64 in the envelope, and comes back beside it (MTOM)."""
import base64
import sys

from lxml import etree
from zeep import Client

address, unique = sys.argv[1:3]
request = etree.parse(sys.stdin.buffer).getroot()
client = Client(address + "?wsdl")
content = b"provided by zeep \x00\x01\xff"


def call(port, operation, *children):
    answer = getattr(client.bind("Alzette", port), operation)(_value_1=list(children))
    return answer


for document in request.iter("{urn:ihe:iti:xds-b:2007}Document"):
    document.remove(document[0])
    document.text = base64.b64encode(content).decode()
provided = call("DocumentRepository", "ITI-41_ProvideandRegisterDocumentSet-b", *request)
assert provided["_attr_1"]["status"].endswith(":Success"), provided

QUERY = """<q:AdhocQueryRequest xmlns:q="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0"
 xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"><q:ResponseOption returnType="LeafClass"/>
 <AdhocQuery id="urn:uuid:5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4"><Slot name="$XDSDocumentEntryUniqueId"><ValueList>
 <Value>('{}')</Value></ValueList></Slot></AdhocQuery></q:AdhocQueryRequest>"""
found = call("DocumentRegistry", "ITI-18_RegistryStoredQuery", *etree.fromstring(QUERY.format(unique)))
assert found["_attr_1"]["status"].endswith(":Success"), found
entries = [e for e in found["_value_1"][0] if e.tag.endswith("ExtrinsicObject")]
assert len(entries) == 1, found

RETRIEVE = """<x:RetrieveDocumentSetRequest xmlns:x="urn:ihe:iti:xds-b:2007"><x:DocumentRequest>
<x:RepositoryUniqueId>1.3.182.2.4.1</x:RepositoryUniqueId><x:DocumentUniqueId>{}</x:DocumentUniqueId>
</x:DocumentRequest></x:RetrieveDocumentSetRequest>"""
got = call("DocumentRepository", "ITI-43_RetrieveDocumentSet", *etree.fromstring(RETRIEVE.format(unique)))
response = got["_value_1"][1]  # zeep put the bytes where xop:Include stood, as base64
document = base64.b64decode(response.find("{urn:ihe:iti:xds-b:2007}Document").text)
assert document == content, document
print("ok")
