/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/protocol.h"

/* All that a server speaks, NULL behind the last. */
extern const VmServerProtocol *const vm_server_protocols[];
