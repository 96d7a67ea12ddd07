"""Calls the transactions of patient identity through zeep, from the WSDL whose address it is given."""
import sys

from lxml import etree
from zeep import Client

V3 = "{urn:hl7-org:v3}"
client = Client(sys.argv[1])


def element(name, *children, **attributes):
    made = etree.Element(V3 + name, **attributes)
    made.extend(children)
    return made


def device(side, code, root):
    found = element("device", element("id", root=root), classCode="DEV", determinerCode="INSTANCE")
    return element(side, found, typeCode=code)


def call(port, operation, name, *control):
    """zeep makes envelope and addressing of the WSDL; what the body's element holds is ours."""
    content = [
        element("id", root="1.2.3.2", extension=name),
        element("creationTime", value="20260102030405"),
        element("interactionId", root="2.16.840.1.113883.1.6", extension=name),
        element("processingCode", code="P"),
        element("processingModeCode", code="T"),
        element("acceptAckCode", code="AL"),
        device("receiver", "RCV", "1.2.3.1"),
        device("sender", "SND", "1.2.3.2"),
        element("controlActProcess", element("code", code=name.replace("_IN", "_TE")), *control,
                classCode="CACT", moodCode="EVN"),
    ]
    service = client.bind("Alzette", port)
    answer = getattr(service, operation)(_value_1=content, _attr_1={"ITSVersion": "XML_1.0"})
    return element("answer", *answer["_value_1"])


def first(answer, path):
    return answer.find("/".join(V3 + step for step in path.split("/")))


def text(name, value):
    made = element(name)
    made.text = value
    return made


def parameter(name, value):
    return element(name, value, text("semanticsText", name))


def query(*parameters):
    return element("queryByParameter", element("queryId", root="1.2.3.9", extension="1"),
                   element("statusCode", code="new"), element("responseModalityCode", code="R"),
                   element("responsePriorityCode", code="I"), element("parameterList", *parameters))


MANAGER = "PatientIdentifierCross-referenceManager"
person = element("patientPerson", element("name", text("family", "Zeep"), text("given", "Pia")),
                 element("administrativeGenderCode", code="F"), element("birthTime", value="19800203"),
                 classCode="PSN", determinerCode="INSTANCE")
patient = element("patient", element("id", root="1.2.3.4.1", extension="7"),
                  element("id", root="1.2.3.4.2", extension="7"), element("statusCode", code="active"), person,
                  classCode="PAT")
event = element("registrationEvent", element("statusCode", code="active"),
                element("subject1", patient, typeCode="SBJ"), classCode="REG", moodCode="EVN")
fed = call(MANAGER, "ITI-44_PatientIdentityFeedHL7V3_PRPA_IN201301UV02", "PRPA_IN201301UV02",
           element("subject", event, typeCode="SUBJ"))
print("feed", first(fed, "acknowledgement/typeCode").get("code"))

found = call(MANAGER, "ITI-45_PIXV3Query", "PRPA_IN201309UV02",
             query(parameter("patientIdentifier", element("value", root="1.2.3.4.1", extension="7"))))
control = "controlActProcess/"
known = first(found, control + "subject/registrationEvent/subject1/patient/id")
print("cross-reference", first(found, control + "queryAck/queryResponseCode").get("code"),
      known.get("extension") + "@" + known.get("root"))

found = call("PatientDemographicsSupplier", "ITI-47_PatientDemographicsQueryHL7V3_PRPA_IN201305UV02",
             "PRPA_IN201305UV02",
             query(parameter("livingSubjectName", element("value", text("family", "zeep")))))
print("demographics", first(found, control + "queryAck/queryResponseCode").get("code"),
      first(found, control + "queryAck/resultTotalQuantity").get("value"))
