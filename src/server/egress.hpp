// What of this host's settings leads instances into the internet as the host's own programs get
// there: its proxies, its certificates, and where pip finds packages.
#pragma once

#include "base/files.hpp"
#include "compute/egress.hpp"
#include "http/forward_proxy.hpp"

namespace trainyard::server {

/// From the daemon's environment, and the pip.conf files of the machine (in `etc`: /etc) and of the
/// daemon's user. `own_port`: a proxy that is ourselves is left out, jobs are not to use it. What
/// cannot be read is left out with a warning. Files that instances see anyway are not copied. What
/// pip is told of proxies and of folders of packages (`proxy`, `find-links`) does not lead anywhere
/// from inside an instance.
compute::Egress host_egress(const http::EnvironmentOf& environment, const fs::path& etc,
                            int own_port);

/// PURE: the certificate bundles that a pip.conf names (`cert = …`, in any section).
std::vector<std::string> certificates_in(std::string_view pip_conf);

}  // namespace trainyard::server
