/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <avahi-client/publish.h>
#include "wire/deviceinfo.h"

/* The records of one DNS-SD service, written one by one because
 * avahi_entry_group_add_service() gives SRV the weight 0 and
 * protocol/discovery.md#mdns wants 5 (RFC 2782, RFC 6763). */

#define VM_SRV_PRIORITY 0 /* protocol/discovery.md#mdns */
#define VM_SRV_WEIGHT 5 /* protocol/discovery.md#mdns */

typedef struct
{
  const gchar *instance; /* not escaped */
  const gchar *type; /* "_videomeet._tcp" */
  const gchar *domain; /* "local" */
  const gchar *host; /* "hosta.local", as Avahi escapes it */
  guint16 port;
  gchar *const *txt;
} VmService;

/* All records; @update: TXT alone, in place. An Avahi error code, 0 if done. */
int vm_service_add (AvahiEntryGroup *group, AvahiIfIndex interface,
    const VmService *service, gboolean update);
/* A domain name on the wire: @label first, not escaped and may be NULL, then
 * the labels of @rest, escaped as Avahi does. NULL when it is invalid. */
GByteArray *vm_dns_name (const gchar *label, const gchar *rest);
