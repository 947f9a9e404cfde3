/* SPDX-License-Identifier: MIT */
#include "server/admit.h"

#include <netinet/in.h>

enum slu_admission slu_admit(const struct slu_admit_rules *rules, const struct slu_admit_facts *facts)
{
	if (rules->users && !facts->user)
		return SLU_NO_USER;
	if (rules->certificates && !facts->certificate)
		return SLU_NO_CERTIFICATE;
	if (rules->keys)
		return facts->key ? SLU_ADMITTED : SLU_NO_KEY;
	if (rules->users || rules->certificates || rules->open || facts->local)
		return SLU_ADMITTED;
	return SLU_NOT_LOCAL;
}

bool slu_admit_is_loopback(const struct in6_addr *address)
{
	return IN6_IS_ADDR_LOOPBACK(address) || (IN6_IS_ADDR_V4MAPPED(address) && address->s6_addr[12] == 127);
}
