// The names that XDS metadata is written with. IHE ITI TF-3 4.2 and 4.3.
#pragma once

#include <string_view>

namespace ihe::xds {

inline constexpr std::string_view uuid_prefix = "urn:uuid:";

namespace scheme {  // classification and identification schemes
inline constexpr std::string_view stable = "urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1";
inline constexpr std::string_view on_demand = "urn:uuid:34268e47-fdf5-41a6-ba33-82133c465248";
inline constexpr std::string_view submission_set_node = "urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd";
inline constexpr std::string_view folder_node = "urn:uuid:d9d542f3-6cc4-48b6-8870-ea235fbc94c2";

inline constexpr std::string_view entry_author = "urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d";
inline constexpr std::string_view class_code = "urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a";
inline constexpr std::string_view confidentiality_code = "urn:uuid:f4f85eac-e6cb-4883-b524-f2705394840f";
inline constexpr std::string_view event_code = "urn:uuid:2c6b8cb7-8b2a-4051-b291-b1ae6a575ef4";
inline constexpr std::string_view format_code = "urn:uuid:a09d5840-386c-46f2-b5ad-9c3699a4309d";
inline constexpr std::string_view facility_code = "urn:uuid:f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1";
inline constexpr std::string_view practice_setting_code = "urn:uuid:cccf5598-8b07-4b77-a05e-ae952c785ead";
inline constexpr std::string_view type_code = "urn:uuid:f0306f51-975f-434e-a61c-c59651d33983";
inline constexpr std::string_view entry_patient_id = "urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427";
inline constexpr std::string_view entry_unique_id = "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab";

inline constexpr std::string_view set_author = "urn:uuid:a7058bb9-b4e4-4307-ba5b-e3f0ab85e12d";
inline constexpr std::string_view content_type_code = "urn:uuid:aa543740-bdda-424e-8c96-df4873be8500";
inline constexpr std::string_view set_patient_id = "urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446";
inline constexpr std::string_view source_id = "urn:uuid:554ac39e-e3fe-47fe-b233-965d2a147832";
inline constexpr std::string_view set_unique_id = "urn:uuid:96fdda7c-d067-4183-912e-bf5ee74998a8";

inline constexpr std::string_view code_list = "urn:uuid:1ba97051-7806-41a8-a48b-8fce7af683c5";
inline constexpr std::string_view folder_patient_id = "urn:uuid:f64ffdf0-4b97-4e06-b79f-a52b38ec2f8a";
inline constexpr std::string_view folder_unique_id = "urn:uuid:75df8f67-9973-4fbe-a900-df66cefecc5a";

inline constexpr std::string_view limited_entry = "urn:uuid:ab9b591b-83ab-4d03-8f5d-f93b1fb92e85";
inline constexpr std::string_view limited_set = "urn:uuid:5003a9db-8d8d-49e6-bf0c-990e34ac7707";
inline constexpr std::string_view limited_folder = "urn:uuid:2c144a76-29a9-4b7c-af54-b25409fe7d03";
inline constexpr std::string_view association_documentation = "urn:uuid:abd807a3-4432-4053-87b4-fd82c643d1f3";
}  // namespace scheme

namespace relation {  // association types
inline constexpr std::string_view has_member = "urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember";
inline constexpr std::string_view rplc = "urn:ihe:iti:2007:AssociationType:RPLC";
inline constexpr std::string_view xfrm = "urn:ihe:iti:2007:AssociationType:XFRM";
inline constexpr std::string_view apnd = "urn:ihe:iti:2007:AssociationType:APND";
inline constexpr std::string_view xfrm_rplc = "urn:ihe:iti:2007:AssociationType:XFRM_RPLC";
inline constexpr std::string_view signs = "urn:ihe:iti:2007:AssociationType:signs";
inline constexpr std::string_view is_snapshot_of = "urn:ihe:iti:2010:AssociationType:IsSnapshotOf";
inline constexpr std::string_view update_status = "urn:ihe:iti:2010:AssociationType:UpdateAvailabilityStatus";
inline constexpr std::string_view submit_association = "urn:ihe:iti:2010:AssociationType:SubmitAssociation";
}  // namespace relation

namespace status {
inline constexpr std::string_view approved = "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved";
inline constexpr std::string_view deprecated = "urn:oasis:names:tc:ebxml-regrep:StatusType:Deprecated";
}  // namespace status

namespace slot {
inline constexpr std::string_view creation_time = "creationTime";
inline constexpr std::string_view hash = "hash";
inline constexpr std::string_view size = "size";
inline constexpr std::string_view language_code = "languageCode";
inline constexpr std::string_view legal_authenticator = "legalAuthenticator";
inline constexpr std::string_view repository_unique_id = "repositoryUniqueId";
inline constexpr std::string_view service_start_time = "serviceStartTime";
inline constexpr std::string_view service_stop_time = "serviceStopTime";
inline constexpr std::string_view source_patient_id = "sourcePatientId";
inline constexpr std::string_view source_patient_info = "sourcePatientInfo";
inline constexpr std::string_view uri = "URI";
inline constexpr std::string_view reference_id_list = "urn:ihe:iti:xds:2013:referenceIdList";
inline constexpr std::string_view document_availability = "documentAvailability";
inline constexpr std::string_view submission_time = "submissionTime";
inline constexpr std::string_view intended_recipient = "intendedRecipient";
inline constexpr std::string_view last_update_time = "lastUpdateTime";
inline constexpr std::string_view submission_set_status = "SubmissionSetStatus";
inline constexpr std::string_view previous_version = "PreviousVersion";
inline constexpr std::string_view original_status = "OriginalStatus";
inline constexpr std::string_view new_status = "NewStatus";
inline constexpr std::string_view association_propagation = "AssociationPropagation";
inline constexpr std::string_view coding_scheme = "codingScheme";
inline constexpr std::string_view author_person = "authorPerson";
inline constexpr std::string_view author_institution = "authorInstitution";
inline constexpr std::string_view author_role = "authorRole";
inline constexpr std::string_view author_specialty = "authorSpecialty";
inline constexpr std::string_view author_telecommunication = "authorTelecommunication";
}  // namespace slot

// The SHA-1 of nothing: with size 0 it marks a document that is assembled later (TF-3 4.2.3.2.10).
inline constexpr std::string_view hash_of_nothing = "da39a3ee5e6b4b0d3255bfef95601890afd80709";

}  // namespace ihe::xds
