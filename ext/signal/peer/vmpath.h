/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The kinds of path between two participants, best first: addresses of their
 * own, what a STUN server saw of them, a TURN server, an SFU. */
typedef enum
{
  VM_PATH_HOST = 1 << 0,
  VM_PATH_SRFLX = 1 << 1,
  VM_PATH_RELAY = 1 << 2,
  VM_PATH_CLOUD = 1 << 3,
} VmPathKinds;

#define VM_PATH_DIRECT (VM_PATH_HOST | VM_PATH_SRFLX)
#define VM_PATH_ALL (VM_PATH_DIRECT | VM_PATH_RELAY | VM_PATH_CLOUD)

/* One kind by its name, as "srflx"; 0: there is none of that name. */
VmPathKinds vm_path_kind_from_name (const gchar *name);
/* Names separated by commas, as "host,srflx"; 0: one is not known, or there is
 * none. */
VmPathKinds vm_path_kinds_from_string (const gchar *names);
/* The kind of an ICE candidate, "candidate:…"; 0: it does not say. One that is
 * peer-reflexive counts as server-reflexive. */
VmPathKinds vm_path_kind_of_candidate (const gchar *candidate);
