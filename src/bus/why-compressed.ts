/** Why a pull is compressed: the setting wants it, a bandwidth limit is low, or the link was measured as slow. */
export type WhyCompressed = 'setting' | 'limit' | 'slow-link';
