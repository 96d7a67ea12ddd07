// Which endpoints may be subscribed with, as the rule on Subscription asks: rules know no sockets, so the process says
// it once. Null, as at first: none in a network of its own.
#pragma once

namespace alzette::net {
class Egress;
}

namespace alzette::subscription {

void judge_endpoints_by(const net::Egress* egress);  // must outlive its use

}  // namespace alzette::subscription
