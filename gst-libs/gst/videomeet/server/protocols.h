/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/protocol.h"

/* All protocols of a server, NULL after the last. */
extern const VmServerProtocol *const vm_server_protocols[];
