/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/protocol.h"

/* Native signalling on /ws (protocol/signalling.md). */
extern const VmServerProtocol vm_protocol_native;
